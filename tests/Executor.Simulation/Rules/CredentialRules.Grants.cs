using Executor.Credentials;
using Executor.Simulation.Cluster;
using Executor.Simulation.Providers;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Rules;

/// <summary>Nobody loses a grant that could be kept, and nobody gets a token that is not there.</summary>
internal sealed partial class CredentialRules
{
    /// <summary>Long enough to suspect a node, to sweep, to wait for an answer in vain and to ask again.</summary>
    private static readonly TimeSpan Rescue = TimeSpan.FromSeconds(40);

    /// <summary>How long the database keeps one look waiting at most.</summary>
    private static readonly TimeSpan Trouble = TimeSpan.FromSeconds(30);

    /// <summary>For how long the server may leave open whether it meant its refusal.</summary>
    private static readonly TimeSpan Unconfirmed = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Revalidation = TimeSpan.FromSeconds(5);

    /// <summary>A spent token came back to its provider.</summary>
    public void Replayed(RefreshMinted token, Redemption by, bool isRefused)
    {
        _world.Tally.Add("replays", isRefused ? "punished" : "tolerated");
        _world.Trace.Note("provider", isRefused ? "sees a spent token" : "tolerates a spent token", token.Value);
        var isUsersDoing = token.IsDepositedAgain;
        Check(HasFaults || isUsersDoing, "Without faults no spent token is replayed", token.Value);
        if (!isRefused || isUsersDoing)
            return;
        var spender = token.SpentBy!;
        var isExcused = spender.IsUnheard || spender.Intent.IsTolerated || by.Intent.IsTolerated
            || spender.IsLate || by.IsLate || by.Intent.UsesKept;
        Check(isExcused, "No spent token is replayed where its answer was heard", token.Value);
    }

    /// <summary>Faults have ended: whatever a provider still tolerates must be saved.</summary>
    public void Calm()
    {
        foreach (var (key, stored) in _world.Database.Tables.Credentials)
        {
            if (stored.Row.State is not (CredentialState.Refreshing or CredentialState.Unresolved)
                || stored.Intents.Count == 0
                || TolerantUntil(key, stored.Intents[0].StartedAt) is not { } until
                || until - _world.Database.Now < Rescue)
                continue;
            var token = _world.ProviderOf(key.Server).Find(_keys[key].Generations[stored.Row.Generation].RefreshToken!)!;
            if (token.Grant.Server.Honours(token) && HasNoLateComer(key))
                _keys[key].MustSurvive = stored.Row.Generation;
        }
    }

    /// <summary>Whatever the answer is, it comes in time, and is not what was just turned down.</summary>
    public void Answered(SimulatedNode node, CredentialKey key, TokenOutcome outcome, Generation? rejected, long askedAt)
    {
        Check(
            outcome is not TokenOutcome.Issued issued || issued.Generation != rejected || IsYoung(key, issued.Generation, askedAt),
            "What was turned down is not handed out again",
            $"{node.Label}, generation {rejected?.Value} of {new TimeSpan(_keys[key].Generations[rejected ?? Generation.None].From)}");
        var took = new TimeSpan(_world.Timeline.Now - askedAt);
        var atMost = _world.CredentialOptions.Value.CallerWait + (HasFaults ? Trouble : TimeSpan.FromSeconds(1));
        Check(took <= atMost || node.LastThawAt >= askedAt, "Nobody is kept waiting for longer than callers wait", took.ToString());
    }

    /// <param name="askedAt">When the request began: what was true at any moment of it may be answered.</param>
    public void Issued(SimulatedNode node, CredentialKey key, TokenOutcome.Issued issued, long askedAt)
    {
        var history = _keys[key];
        Check(
            history.Generations.TryGetValue(issued.Generation, out var seen) && seen.AccessToken == issued.Token.Value,
            "No token is handed out before its commit",
            issued.Token.Value);
        if (seen is null)
            return;
        var since = Math.Min(askedAt, _world.Timeline.Now - Revalidation.Ticks);
        Check(
            seen.Until >= since || node.LastThawAt >= since,
            "No token is handed out for longer than a revalidation after its end",
            $"{issued.Token.Value} ended {new TimeSpan(_world.Timeline.Now - seen.Until)} ago");
    }

    /// <summary>A token that was turned down within seconds of its commit may be tried once more.</summary>
    private bool IsYoung(CredentialKey key, Generation generation, long askedAt) => askedAt - _keys[key].Generations[generation].From < Young.Ticks;

    private void AskedToReconnect(KeyHistory history, CredentialRow row)
    {
        var seen = history.Generations[row.Generation];
        var provider = _world.ProviderOf(row.Key.Server);
        var held = provider.Find(seen.RefreshToken!)!;
        _world.Tally.Add("reconnects", row.Reason);
        var isUsersDoing = held.Grant.IsRevokedByUser || held.IsDepositedAgain || held.Grant.RefreshTokens.Exists(token => token.IsDepositedAgain);
        Check(HasFaults || isUsersDoing, "Without faults nobody is asked to reconnect", held.Value);
        var isUnconfirmed = row.Reason == CredentialReason.OutcomeUnknown && _world.Timeline.Now - held.RefusedInErrorAt >= Unconfirmed.Ticks;
        Check(!provider.Honours(held) || isUnconfirmed, "Nobody is asked to reconnect whose token is honoured", held.Value);
        Check(
            seen.KeptToken is null || provider.Find(seen.KeptToken) is not { } kept || !provider.Honours(kept),
            "Nobody is asked to reconnect whose kept token is honoured",
            seen.KeptToken ?? "");
        Check(
            !history.Intents.Exists(intent => intent is { IsSettled: false, IsWrittenOff: false, Sent: { IsUnheard: false } }),
            "Nobody is asked to reconnect while an answer may still come");
        Check(
            isUsersDoing || history.MustSurvive != row.Generation,
            "Nobody is asked to reconnect who could be saved when faults ended",
            held.Value);
        if (isUsersDoing || held.Grant.IsRevoked)
            return; // why it was revoked, the replay itself was asked

        var spender = held.SpentBy;
        Check(
            spender is null || spender.IsUnheard || spender.Intent.IsTolerated || history.Intents.Exists(intent => intent.IsTolerated),
            "A successor is lost with its answer only",
            held.Value);
    }

    /// <summary>A request that is still under way may be processed when the window is over, and punish what was saved.</summary>
    private bool HasNoLateComer(CredentialKey key) => !_intents.Values.Any(
        intent => intent.Key == key && intent.Sent is { IsProcessed: false, IsLost: false });
}
