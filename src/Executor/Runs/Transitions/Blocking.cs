using Executor.Credentials;

namespace Executor.Runs.Transitions;

/// <param name="AtLeast">What the fault itself asked for.</param>
/// <param name="Limit">How long in all.</param>
/// <param name="Reason">What is waited for.</param>
internal readonly record struct Blocking(TimeSpan AtLeast, TimeSpan Limit, BlockedReason Reason)
{
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A quarter of the time that it has lasted already, which needs no counter, but never less than was asked for. Up to a fifth more,
    /// so that what was blocked together does not return together. Never past the limit by more than that.
    /// </summary>
    public TimeSpan Delay(TimeSpan lasted, double jitter)
    {
        var grown = TimeSpan.FromTicks(Math.Clamp(lasted.Ticks / 4, _shortest.Ticks, _longest.Ticks));
        var asked = TimeSpan.FromTicks(Math.Min(AtLeast.Ticks, Math.Max((Limit - lasted).Ticks, _shortest.Ticks)));
        return (grown > asked ? grown : asked) * (1 + (jitter / 5));
    }
}
