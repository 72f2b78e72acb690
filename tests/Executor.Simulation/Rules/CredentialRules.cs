using Executor.Credentials;
using Executor.Simulation.Cluster;
using Executor.Simulation.Providers;
using Executor.Simulation.Store;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Rules;

/// <summary>The promises about credentials (docs/INVARIANTS.md), said once more and independently. They are looked at after every commit.</summary>
internal sealed partial class CredentialRules
{
    private readonly World _world;
    private readonly Dictionary<CredentialKey, KeyHistory> _keys = [];
    private readonly Dictionary<IntentId, OpenedIntent> _intents = [];
    private readonly HashSet<string> _rejected = new(StringComparer.Ordinal);

    public CredentialRules(World world)
    {
        _world = world;
        foreach (var key in world.Plan.Keys)
            _keys[key] = new KeyHistory(key) { Generations = { [Generation.None] = new(null, null, null, 0) } };
    }

    private bool HasFaults => _world.Plan.HasFaults;

    public KeyHistory Of(CredentialKey key) => _keys[key];

    public void Changed(StoredCredential? before, StoredCredential after)
    {
        var row = after.Row;
        var was = before?.Row ?? new CredentialRow { Key = row.Key };
        var history = _keys[row.Key];
        _world.Trace.Note("database", StateName(row.State), row.Reason == CredentialReason.None ? null : row.Reason.ToString(), row.Generation.Value);
        if (row.Generation != was.Generation)
            NewGeneration(history, was, row);
        else
        {
            Check(Same(row.RefreshToken, was.RefreshToken), "A token changes with its generation only");
            if (!Same(row.KeptRefreshToken, was.KeptRefreshToken))
                KeptAnother(history, row);
        }

        Check((row.State == CredentialState.Absent) == (row.RefreshToken is null), "A row without a token is absent");
        TokensRefused(history, was, row);
        Renewed(history, was, row);
        Refused(history, was, after);
        Settled(after);
        Opened(history, was, before, after);
        if (row.State == CredentialState.NeedsReauth && was.State != CredentialState.NeedsReauth)
            AskedToReconnect(history, row);
        if (row.State == CredentialState.OperatorError)
            Check(HasFaults, "Without faults no operator is asked for");
    }

    private void KeptAnother(KeyHistory history, CredentialRow row)
    {
        var seen = history.Generations[row.Generation];
        var kept = Shared.Vault.TryOpenKeptToken(row, out var opened) ? opened.Value : "";
        var minted = _world.ProviderOf(row.Key.Server).Find(kept);
        Check(
            minted?.Parent is { } parent && parent.Value == seen.KeptToken && kept != seen.RefreshToken,
            "A kept token gives way only to what the same token brought later",
            kept);
        history.Generations[row.Generation] = seen with { KeptToken = kept };
    }

    /// <summary>The way a request was deposited or deleted says what may appear in the row.</summary>
    private void NewGeneration(KeyHistory history, CredentialRow was, CredentialRow row)
    {
        var now = _world.Timeline.Now;
        if (history.Generations.TryGetValue(was.Generation, out var former))
            former.Until = now;
        var isContested = history.Intents.Count(intent => !intent.IsRefused) > 1;
        history.Intents.Clear();
        history.TurnedAway.Clear();
        var token = row.RefreshToken is null ? null : Shared.Vault.TryOpenRefreshToken(row, out var refresh) ? refresh.Value : "";
        var access = row.AccessToken is null ? null : Shared.Vault.TryOpenAccessToken(row, out var opened) ? opened.Value : "";
        var kept = row.KeptRefreshToken is null ? null : Shared.Vault.TryOpenKeptToken(row, out var keptToken) ? keptToken.Value : "";
        Check(token != "" && access != "" && kept != "", "What is stored opens under its generation");
        Check(history.Generations.TryAdd(row.Generation, new GenerationSeen(token, kept, access, now)), "A generation is used once");
        if (token is null)
        {
            Check(history.DeletionsAsked > 0, "Only its user deletes a credential");
            (history.Grant, history.LastDeposit) = (null, null);
            return;
        }

        var minted = _world.ProviderOf(row.Key.Server).Find(token);
        Check(minted is not null, "What is stored was minted", token);
        if (row.MintedBy is { } minter)
        {
            var intent = _intents.GetValueOrDefault(minter);
            Check(intent?.Generation == was.Generation, "A result is stored over the generation that it redeemed, and no other");
            Check(minted?.Grant == history.Grant, "A result overwrites no newer deposit and undoes no deletion");
            Check(intent?.Sent is not null, "A result was redeemed");
            if (intent?.Sent is { } stored)
                stored.IsStored = true;
            Check(!isContested || kept == intent?.Token || token == intent?.Token, "A contested generation keeps the token that it was made from");
            _world.Tally.Add("refreshes", "stored");
            return;
        }

        Check(history.Deposited.Contains(token), "A deposit is its user's");
        Check(
            token != history.LastDeposit || was.State is CredentialState.Absent or CredentialState.NeedsReauth,
            "A repeated deposit changes nothing while its lineage lives");
        (history.Grant, history.LastDeposit) = (minted?.Grant, token);
        if (minted is not null && _intents.Values.Any(intent => intent.Token == token))
            minted.IsDepositedAgain = true;
    }

    /// <summary>Whatever a credential waits for is told, and what is refused in the same way for long is not waited for without end.</summary>
    private void Refused(KeyHistory history, CredentialRow was, StoredCredential after)
    {
        var row = after.Row;
        Check(
            row.State is not (CredentialState.Ready or CredentialState.Unresolved) || row.RetryAt is null || row.WaitsFor is not null,
            "What a credential waits for is told",
            row.State.ToString());
        if (was.State == CredentialState.OperatorError && row.State != CredentialState.Refreshing)
            history.TurnedAway.Clear(); // its user has deposited it anew
        if (was.State != CredentialState.Refreshing
            || row.State == CredentialState.Refreshing
            || row.Generation != was.Generation
            || after.Intents.Find(intent => intent.Id == was.Intent) is not { Settlement: not IntentSettlement.Unsettled } last
            || !_intents.TryGetValue(last.Id, out var known)
            || known is not { IsSettled: false, Sent: { IsTurnedAway: true, IsLost: false } })
            return;
        var now = _world.Database.Now;
        history.TurnedAway.Add(now);
        if (row.State == CredentialState.OperatorError)
            _world.Tally.Add("escalations", row.Reason);
        Check(
            row.State == CredentialState.OperatorError
            || history.TurnedAway.Count < 3
            || now - history.TurnedAway[0] < TimeSpan.FromMinutes(1)
            || after.Intents.Exists(intent => intent.Id != last.Id && intent is { Settlement: IntentSettlement.Unsettled, OwnerGone: false }),
            "What is refused in the same way for long is an operator's matter",
            $"{history.TurnedAway.Count} times");
    }

    private void Settled(StoredCredential after)
    {
        foreach (var intent in after.Intents)
        {
            if (intent.Settlement == IntentSettlement.Unsettled || !_intents.TryGetValue(intent.Id, out var known))
                continue;
            known.IsSettled = true;
            known.IsRefused = intent.Settlement == IntentSettlement.Refused;
        }
    }

    private static bool Same(byte[]? a, byte[]? b) => ReferenceEquals(a, b) || (a is not null && b is not null && a.AsSpan().SequenceEqual(b));

    private static string StateName(CredentialState state) => state switch
    {
        CredentialState.Absent => nameof(CredentialState.Absent),
        CredentialState.Ready => nameof(CredentialState.Ready),
        CredentialState.Refreshing => nameof(CredentialState.Refreshing),
        CredentialState.Unresolved => nameof(CredentialState.Unresolved),
        CredentialState.NeedsReauth => nameof(CredentialState.NeedsReauth),
        _ => nameof(CredentialState.OperatorError),
    };

    private void Check(bool holds, string rule, string detail = "")
    {
        if (!holds)
            _world.Fail(rule, detail);
    }
}
