using System.Diagnostics.Metrics;
using Executor.Credentials.Transitions;

namespace Executor.Credentials.Refresh;

/// <summary>Counts by outcome alone: no user, no server, no provider's word becomes a label.</summary>
internal sealed class RefreshMetrics
{
    public const string MeterName = "Executor.Credentials";

    private readonly Histogram<double> _redemptions;

    public RefreshMetrics(IMeterFactory meters) => _redemptions = meters.Create(MeterName).CreateHistogram<double>(
        "executor.refresh.duration", "s", "Redemptions of refresh tokens, from the opening of the intent to its settlement");

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
