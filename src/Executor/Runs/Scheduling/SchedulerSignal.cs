using Executor.Runs.Driving;

namespace Executor.Runs.Scheduling;

/// <summary>Wakes the scheduler: some run may be due, or there is room again.</summary>
internal sealed class SchedulerSignal(TimeProvider time)
{
    public Signal Signal { get; } = new(time);
}
