using Executor.Credentials.Refresh;
using Executor.Nodes;

namespace Executor.Credentials.Transitions;

/// <summary>
/// Asks for the permit to redeem a generation's refresh token. This transition matters most: at most one intent of a generation is open,
/// whatever nodes, activations, callers and crashes do. The token to send is the one that this very transition read.
/// </summary>
/// <param name="Expected">The generation to redeem; another one means that the world has moved on.</param>
/// <param name="DropsAccessToken">Its access token was rejected: nobody is to serve it meanwhile.</param>
/// <param name="Supersedes">The asker's own intent that has not been answered in time, and is still listened for.</param>
internal sealed record OpenIntent(
    IntentId Id,
    NodeRef Owner,
    Generation Expected,
    bool DropsAccessToken,
    IReadOnlyCollection<IntentId> Supersedes,
    ReplayRules Rules,
    RetrySpacing Spacing,
    Func<NodeRef, bool> IsSuspect)
{
    /// <summary>The asker's view of <see cref="TokenRefusal.Episode"/>: a token that was rejected in another one may be good again.</summary>
    public long Episode { get; init; }

    /// <summary>Whoever tries a refused token, if the asker asks for it.</summary>
    public ProbeId? Probe { get; init; }

    /// <summary>The asker has waited for its OAuth server's limits; otherwise only what cannot wait is permitted.</summary>
    public bool HasTurn { get; init; } = true;

    public CredentialDecision<OpenIntentResult> Decide(CredentialLedger ledger, CredentialVault vault)
    {
        if (ledger.Row is not { } row || row.Generation != Expected)
            return Leave(new OpenIntentResult.Moved());
        if (ledger.Last() is { } last && last.Id == Id && row.State == CredentialState.Refreshing)
            return Permit(ledger, row, last, vault, write: false); // the commit whose outcome was unknown did take place
        if (Finalisation.TryFinish(ledger, row, Spacing) is { } finished)
            return new(new OpenIntentResult.Moved(), finished);
        if (row.State is CredentialState.Absent or CredentialState.NeedsReauth)
            return Leave(new OpenIntentResult.Moved());
        if (ForRefusedTokens(ledger, row) is { } denied)
            return denied;
        if (HasExpiredSecret(row, ledger.Now))
            return new(new OpenIntentResult.Moved(), ExpiredSecret(row));
        if (ledger.OpenerGone)
            return Leave(new OpenIntentResult.BackOff(Rules.ObserverMargin));
        if (row.RetryAt is { } retryAt && ledger.Now < retryAt && !IsSuperseding(ledger))
            return Leave(Wait(row, retryAt - ledger.Now));
        if (UnsafeFor(ledger, row) is { } wait)
            return Leave(new OpenIntentResult.Busy(wait));
        if (AbandonedFor(ledger) is { } rest)
            return Leave(new OpenIntentResult.BackOff(rest));
        return HasTurn || CannotWait(ledger)
            ? Permit(ledger, row, NewIntent(ledger), vault, write: true)
            : Leave(new OpenIntentResult.NeedsTurn());
    }

    /// <summary>
    /// While the MCP server refuses tokens, only the probe may obtain another, once; and what 401s ask for has a budget. What is in
    /// doubt is resolved all the same: that is not for a token's sake.
    /// </summary>
    private CredentialDecision<OpenIntentResult>? ForRefusedTokens(CredentialLedger ledger, CredentialRow row)
    {
        if (row.State != CredentialState.Ready)
            return null;
        var refusal = RefusalRules.At(row.Refusal, ledger.Now);
        if (refusal.IsActive)
            return IsProbe(refusal) ? null : Leave(new OpenIntentResult.Moved());
        if (!IsForRejection(ledger, row))
            return null;
        if (refusal.Episode != Episode)
            return Leave(new OpenIntentResult.Moved());
        return RefusalRules.IsAllowed(refusal)
            ? null
            : new(new OpenIntentResult.Moved(), row with { Refusal = new RefusalRules(Spacing.Jitter).Pause(refusal, ledger.Now) });
    }

    private bool IsProbe(TokenRefusal refusal) => Probe is not null && refusal.Prober == Probe && !refusal.ProbeHasRedeemed;

    /// <summary>The token's own age is no reason to refresh yet: the 401 is.</summary>
    private bool IsForRejection(CredentialLedger ledger, CredentialRow row) =>
        DropsAccessToken && row.AccessToken is not null && ledger.Now < row.RefreshAt;

    private static OpenIntentResult Wait(CredentialRow row, TimeSpan time) =>
        row.ConfirmingSince is null ? new OpenIntentResult.BackOff(time) : new OpenIntentResult.Confirming(time);

    private static CredentialDecision<OpenIntentResult> Leave(OpenIntentResult result) => new(result);

    private static bool HasExpiredSecret(CredentialRow row, DateTimeOffset now) =>
        row is { Client.ClientSecretExpiresAt: { } expiry, State: not CredentialState.Refreshing } && expiry <= now;

    // Nobody retries by the clock what only a deposit can change.
    private static CredentialRow? ExpiredSecret(CredentialRow row) =>
        row is { State: CredentialState.OperatorError, Reason: CredentialReason.ClientSecretExpired }
            ? null
            : row with { State = CredentialState.OperatorError, Reason = CredentialReason.ClientSecretExpired, RetryAt = null };

    // A window that tolerates the resolving of a doubt does not stay open for a queue.
    private bool CannotWait(CredentialLedger ledger) =>
        Rules.HasWindow && ledger.IsTolerantNow(Rules) && ledger.Intents.Any(intent => intent.IsDoubtful());

    private bool IsSuperseding(CredentialLedger ledger) => ledger.Last() is { } last && Supersedes.Contains(last.Id);

    /// <summary>How long until it may be safe to redeem beside the intents that are not over; null when it is now.</summary>
    private TimeSpan? UnsafeFor(CredentialLedger ledger, CredentialRow row)
    {
        if (row.State == CredentialState.Unresolved
            && ledger.Last() is { RecordedFailure: not CredentialReason.None } answered
            && !answered.IsBeingConfirmed(row))
            return Rules.ObserverMargin; // answered: only whether it is final is open, and no redemption tells that

        var open = row.State == CredentialState.Refreshing ? ledger.Last() : null;
        if (ledger.IsTolerantNow(Rules))
        {
            var mayAsk = open is null || open.OwnerGone || Supersedes.Contains(open.Id) || IsAbandoned(ledger, open);
            return mayAsk ? null : Rules.ObserverMargin;
        }

        // An abandoned request may still be processed, and punish the token that a retry has just obtained. So even a dead owner's
        // deadline is waited for. A living or frozen owner is waited for without end.
        var latest = DateTimeOffset.MinValue;
        foreach (var intent in ledger.Intents.Where(intent => intent.Settlement == IntentSettlement.Unsettled))
        {
            if (!intent.OwnerGone)
                return Rules.ObserverMargin;
            latest = intent.Deadline > latest ? intent.Deadline : latest;
        }

        var safeAt = latest == DateTimeOffset.MinValue ? latest : latest + Rules.ObserverMargin;
        return ledger.Now < safeAt ? safeAt - ledger.Now : null;
    }

    // Opening an intent is a sign of life. Whoever stood still and then opened one is not overtaken by observers who looked before.
    private bool IsAbandoned(CredentialLedger ledger, RefreshIntent open) =>
        ledger.Now - open.StartedAt >= Rules.Lease && IsSuspect(open.Owner);

    /// <summary>How long an unanswered request that nobody listens for may still be processed; null when it does no harm.</summary>
    private TimeSpan? AbandonedFor(CredentialLedger ledger)
    {
        var doubtful = ledger.Intents.Where(intent => intent.Settlement == IntentSettlement.InDoubt).ToList();
        if (doubtful.Count == 0 || ledger.IsTolerantNow(Rules))
            return null;

        // Its sender's back-off does not cover this: the retry that the window allowed may have ended that back-off.
        var over = doubtful.Max(intent => intent.Deadline);
        return ledger.Now < over ? over - ledger.Now : null;
    }

    private RefreshIntent NewIntent(CredentialLedger ledger) => new()
    {
        Id = Id,
        Generation = Expected,
        Ordinal = ledger.Intents.Count > 0 ? ledger.Intents[^1].Ordinal + 1 : 1,
        Owner = Owner,
        StartedAt = ledger.Now,
        Deadline = ledger.Now + Rules.Deadline,
        UsesKept = ledger.Row!.TryKept,
    };

    private CredentialDecision<OpenIntentResult> Permit(
        CredentialLedger ledger, CredentialRow row, RefreshIntent intent, CredentialVault vault, bool write)
    {
        if (!vault.HasKey)
            return Leave(new OpenIntentResult.KeyMissing());
        if (vault.UnknownKeyOf(row) is not null)
            return Leave(new OpenIntentResult.KeyUnknown());
        var opened = intent.UsesKept ? vault.TryOpenKeptToken(row, out var token) : vault.TryOpenRefreshToken(row, out token);
        if (!opened || !vault.TryOpenClientSecret(row, out var secret))
            return Leave(new OpenIntentResult.Undecryptable());

        var permit = new OpenIntentResult.Opened(intent, token, row.Client!, secret);
        if (!write)
            return Leave(permit);
        var opening = row with { State = CredentialState.Refreshing, Reason = CredentialReason.None, Intent = Id, RetryAt = null };
        if (DropsAccessToken)
            opening = opening with { AccessToken = null, AccessTokenExpiresAt = null, MintedAt = null, RefreshAt = null };
        var refusal = RefusalRules.At(row.Refusal, ledger.Now);
        if (row.State == CredentialState.Ready && refusal.IsActive)
            opening = opening with { Refusal = RefusalRules.CountProbe(refusal, ledger.Now) };
        else if (row.State == CredentialState.Ready && IsForRejection(ledger, row))
            opening = opening with { Refusal = RefusalRules.Count(refusal, ledger.Now) };
        return new(permit, opening, [intent], ledger.Forgettable());
    }
}

internal abstract record OpenIntentResult
{
    private OpenIntentResult()
    {
    }

    /// <summary>The intent is open, and this is what to send.</summary>
    public sealed record Opened(
        RefreshIntent Intent, RefreshToken Token, ClientRegistration Client, ClientSecret? Secret) : OpenIntentResult;

    /// <summary>There is nothing to redeem, or not this generation: look again.</summary>
    public sealed record Moved : OpenIntentResult;

    /// <summary>Somebody's intent is open, or may still be answered; it is not safe for at least this long.</summary>
    public sealed record Busy(TimeSpan For) : OpenIntentResult;

    /// <summary>The last attempt failed; not before this has passed.</summary>
    public sealed record BackOff(TimeSpan For) : OpenIntentResult;

    /// <summary>A refusal is confirmed after this has passed, which callers can wait for.</summary>
    public sealed record Confirming(TimeSpan For) : OpenIntentResult;

    /// <summary>It may be opened, after a wait for the OAuth server's limits.</summary>
    public sealed record NeedsTurn : OpenIntentResult;

    /// <summary>It is sealed with a key that this node does not have. Another node may have it: nothing is written down.</summary>
    public sealed record KeyUnknown : OpenIntentResult;

    /// <summary>What is stored is damaged: no node's key opens it.</summary>
    public sealed record Undecryptable : OpenIntentResult;

    public sealed record KeyMissing : OpenIntentResult;
}
