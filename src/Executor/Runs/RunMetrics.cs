using System.Diagnostics.Metrics;

namespace Executor.Runs;

internal sealed class RunMetrics
{
    public const string MeterName = "Executor.Runs";

    private readonly Counter<long> _steps;
    private readonly Counter<long> _claimed;
    private readonly Counter<long> _parked;
    private readonly Counter<long> _takenOver;
    private readonly Histogram<double> _duration;

    public RunMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _steps = meter.CreateCounter<long>("executor.steps", "{step}", "Turns of steps, by how they ended.");
        _claimed = meter.CreateCounter<long>("executor.runs.claimed", "{run}", "Runs taken from the queue: started, woken, or tried again.");
        _parked = meter.CreateCounter<long>("executor.runs.parked", "{run}", "Runs that began to wait for their user, by reason.");
        _takenOver = meter.CreateCounter<long>("executor.runs.taken_over", "{run}", "Runs put back into the queue after their node was lost.");
        _duration = meter.CreateHistogram<double>("executor.step.duration", "s", "How long tool calls took.");
    }

    public void Step(string outcome) => _steps.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Claimed(int runs) => _claimed.Add(runs);

    public void Parked(AwaitingReason reason) => _parked.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));

    public void TakenOver(int runs) => _takenOver.Add(runs);

    public void Called(TimeSpan duration) => _duration.Record(duration.TotalSeconds);
}
