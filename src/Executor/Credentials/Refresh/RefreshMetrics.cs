using System.Diagnostics.Metrics;
using Executor.Credentials.Transitions;

namespace Executor.Credentials.Refresh;

/// <summary>Counts by outcome alone: no user, no server, no provider's word becomes a label.</summary>
internal sealed class RefreshMetrics
{
    public const string MeterName = "Executor.Credentials";

    private readonly Histogram<double> _redemptions;
    private readonly UpDownCounter<long> _queue;
    private readonly Histogram<double> _waits;

    public RefreshMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _redemptions = meter.CreateHistogram<double>(
            "executor.refresh.duration", "s", "Redemptions of refresh tokens, from the opening of the intent to its settlement");
        _queue = meter.CreateUpDownCounter<long>("executor.refresh.queue", "{refresh}", "Refreshes that wait for their OAuth server's limits");
        _waits = meter.CreateHistogram<double>("executor.refresh.wait", "s", "How long refreshes waited for their OAuth server's limits");
    }

    public void Queued(int refreshes) => _queue.Add(refreshes);

    public void Waited(TimeSpan elapsed) => _waits.Record(elapsed.TotalSeconds);

    public void Redeemed(RefreshAnswer answer, SettleResult result, TimeSpan elapsed) => _redemptions.Record(
        elapsed.TotalSeconds,
        new KeyValuePair<string, object?>("outcome", answer switch
        {
            RefreshAnswer.Granted => result == SettleResult.Stored ? "granted" : "superseded",
            RefreshAnswer.Refused => "refused",
            RefreshAnswer.InDoubt => "in_doubt",
            RefreshAnswer.GivenUp => "given_up",
            _ => "not_spent",
        }));
}
