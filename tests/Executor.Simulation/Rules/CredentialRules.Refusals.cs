using Executor.Credentials;

namespace Executor.Simulation.Rules;

/// <summary>An MCP server that turns good tokens down costs few redemptions, and whoever waits for it goes on when it does not any more.</summary>
internal sealed partial class CredentialRules
{
    private const int FreeRenewals = 2;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>How long a deposit may be on its way.</summary>
    private static readonly TimeSpan ManyHops = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Young = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(5);

    public void Rejected(CredentialKey key, string accessToken)
    {
        _rejected.Add(accessToken);
        Reported(key);
    }

    /// <summary>Somebody says that a token of this credential was turned down.</summary>
    public void Reported(CredentialKey key) => _keys[key].RejectedAt = _world.Timeline.Now;

    public void Accepted(CredentialKey key) => _keys[key].AcceptedAt = _world.Timeline.Now;

    private void TokensRefused(KeyHistory history, CredentialRow was, CredentialRow row)
    {
        var now = _world.Timeline.Now;
        if (row.Refusal.IsActive && row.Refusal.Until != was.Refusal.Until)
        {
            _world.Tally.Add("refusals", was.Refusal.IsActive ? "another pause" : "begins");
            Check(history.RejectedAt is not null, "Tokens are taken for refused only when one was");
            Check(
                was.Refusal.IsActive || history.RefusalEndedAt is not { } ended || history.RejectedAt >= ended,
                "A refusal that has ended begins again only when a token is turned down again");
            var length = row.Refusal.Until!.Value - _world.Database.Now;
            var isNext = history.Pause is { } last && now - last.At < Hour.Ticks;
            Check(
                length >= ShortestPause && (!isNext || length >= Hour || length >= history.Pause!.Value.Length * 1.5),
                "Each pause is longer than the one before",
                $"{length} after {history.Pause}");
            history.Pause = (now, length);
        }

        if (!was.Refusal.IsActive || row.Refusal.IsActive)
            return;
        _world.Tally.Add("refusals", "ends");
        history.RefusalEndedAt = now;
        var since = Ticks(was.Refusal.Since!.Value);
        Check(
            (row.Generation != was.Generation && row.MintedBy is null) || history.AcceptedAt >= since || history.DepositAskedAt >= since - ManyHops.Ticks,
            "A refusal ends when a token was not refused, or with a deposit");
    }

    /// <summary>A redemption that a 401 asked for has a budget; while tokens are refused, nothing else is redeemed.</summary>
    private void Renewed(KeyHistory history, CredentialRow was, CredentialRow row)
    {
        if (was.State != CredentialState.Ready || row.State != CredentialState.Refreshing || was.Generation != row.Generation)
            return;
        if (was.Refusal.IsActive)
        {
            Check(
                _world.Database.Now >= was.Refusal.Until && history.RedeemedAfter != was.Refusal.Until,
                "While tokens are refused, one is redeemed after each pause",
                $"pause until {was.Refusal.Until}");
            history.RedeemedAfter = was.Refusal.Until;
            return;
        }

        if (was.AccessToken is null || row.AccessToken is not null || _world.Database.Now >= was.RefreshAt)
            return; // not for a 401: it was due
        history.Renewals.Add(_world.Timeline.Now);
        Check(
            history.Renewals.Count <= FreeRenewals || history.Renewals[^1] - history.Renewals[^(FreeRenewals + 1)] >= Hour.Ticks,
            "Two redemptions an hour are what 401s cause without a pause",
            $"{history.Renewals.Count}");
    }

    private long Ticks(DateTimeOffset time) => _world.Timeline.Now - (_world.Database.Now - time).Ticks;
}
