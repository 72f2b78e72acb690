namespace Executor.Runs.Driving;

/// <summary>
/// How long a call may take. Its server may be silent for the step's time-out. In all the call may take ten times as long, but never
/// longer than a step may name. This is the driver's own clock, in case the gateway's does not fire. That one's answer says more, so this
/// one waits longer.
/// </summary>
internal sealed class CallLimit : IDisposable
{
    private const int MaxExtension = 10;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly CancellationTokenSource _passed;

    public CallLimit(TimeSpan silence, TimeSpan longest, TimeProvider time)
    {
        _time = time;
        _began = time.GetTimestamp();
        Silence = silence;
        var extended = silence * MaxExtension < longest ? silence * MaxExtension : longest;
        Most = extended > silence ? extended : silence;
        _passed = new CancellationTokenSource(silence + Grace, time);
    }

    public TimeSpan Silence { get; }

    public TimeSpan Most { get; }

    public CancellationToken Passed => _passed.Token;

    /// <summary>The server has said that it is at it.</summary>
    public void Extend()
    {
        var left = Most - _time.GetElapsedTime(_began);
        var next = left < Silence ? left : Silence;
        try
        {
            if (next > TimeSpan.Zero)
                _passed.CancelAfter(next + Grace);
        }
        catch (ObjectDisposedException)
        {
            // Said too late.
        }
    }

    public void Dispose() => _passed.Dispose();
}
