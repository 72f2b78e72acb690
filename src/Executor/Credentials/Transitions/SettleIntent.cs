using Executor.Credentials.Refresh;

namespace Executor.Credentials.Transitions;

/// <summary>Writes down what became of an intent, once its sender has stopped listening.</summary>
/// <param name="Intent">As it was opened.</param>
/// <param name="Redeemed">The token that was sent: it stays in use where the answer brings no new one.</param>
internal sealed record SettleIntent(
    RefreshIntent Intent,
    RefreshToken Redeemed,
    RefreshAnswer Answer,
    ReplayRules Rules,
    RetrySpacing Spacing,
    TokenLifetimes Lifetimes)
{
    public CredentialDecision<SettleResult> Decide(CredentialLedger ledger, CredentialVault vault)
    {
        if (ledger.Row is not { } row)
            return new(SettleResult.Discarded);
        if (row.Generation != Intent.Generation)
            return row.MintedBy == Intent.Id ? new(SettleResult.Stored) : Keep(ledger, row, vault);
        if (Answer is RefreshAnswer.Granted granted)
            return Store(ledger, row, granted, vault);
        if (ledger.Intents.FirstOrDefault(intent => intent.Id == Intent.Id) is not { Settlement: IntentSettlement.Unsettled } mine)
            return new(SettleResult.Failed); // an earlier try of this very write took place

        return Fail(ledger, row, mine);
    }

    // Stored if and only if the row still has the generation that was redeemed. Who brings it, how late, and what state a failure has
    // left the row in do not matter.
    private CredentialDecision<SettleResult> Store(
        CredentialLedger ledger, CredentialRow row, RefreshAnswer.Granted granted, CredentialVault vault)
    {
        var next = ledger.NextGeneration;
        var successor = granted.RefreshToken ?? Redeemed;
        var contested = ledger.IsContested() && successor != Redeemed;
        var (expiresAt, refreshAt) = Lifetimes.From(ledger.Now, granted.ExpiresIn);
        return new(SettleResult.Stored, row with
        {
            Generation = next,
            State = CredentialState.Ready,
            Reason = CredentialReason.None,
            RefreshToken = vault.SealRefreshToken(successor, row.Key, next),
            KeptRefreshToken = contested ? vault.SealKeptToken(Redeemed, row.Key, next) : null,
            TryKept = false,
            AccessToken = vault.SealAccessToken(granted.AccessToken, row.Key, next),
            MintedAt = ledger.Now,
            AccessTokenExpiresAt = expiresAt,
            RefreshAt = refreshAt,
            ConfirmingSince = null,
            Intent = null,
            MintedBy = Intent.Id,
            RetryAt = null,
            Failures = 0,
            WaitsFor = null,
            Repeated = null,
        });
    }

    /// <summary>
    /// Another intent has made the current generation from the very token that this late answer is for: the provider has answered twice.
    /// Some kill with one answer what they handed out with the other, in whichever order the requests reached them. So the late token
    /// takes the place of the spent one, which is kept until the current one has refreshed once.
    /// </summary>
    private CredentialDecision<SettleResult> Keep(CredentialLedger ledger, CredentialRow row, CredentialVault vault)
    {
        if (Answer is not RefreshAnswer.Granted { RefreshToken: { } late }
            || late == Redeemed
            || !vault.TryOpenKeptToken(row, out var kept)
            || kept != Redeemed
            || !vault.TryOpenRefreshToken(row, out var current)
            || current == late)
            return new(SettleResult.Discarded);
        var keeping = row with { KeptRefreshToken = vault.SealKeptToken(late, row.Key, row.Generation), ConfirmingSince = null };
        if (row.State == CredentialState.NeedsReauth)
            keeping = keeping with { State = CredentialState.Ready, Reason = CredentialReason.None, TryKept = true };

        // The open intent tries the token that was kept before. If that one is refused, this one is next.
        return row.State is CredentialState.Refreshing or CredentialState.Unresolved && ledger.Last() is { UsesKept: true } last
            ? new(SettleResult.Kept, keeping, [last with { UsesKept = false }])
            : new(SettleResult.Kept, keeping);
    }

    private CredentialDecision<SettleResult> Fail(CredentialLedger ledger, CredentialRow row, RefreshIntent mine)
    {
        var isLast = row.Intent == mine.Id;
        var settled = Answer switch
        {
            RefreshAnswer.Refused refused => mine with
            {
                Settlement = IntentSettlement.Refused,
                // A refusal to an intent that was superseded proves nothing: only the last one's is fenced.
                RecordedFailure = isLast ? refused.Reason : CredentialReason.None,
            },
            // Unanswered, the request may be processed until its deadline, whoever still listens; answered, it is over.
            RefreshAnswer.InDoubt doubt => mine with
            {
                Settlement = IntentSettlement.InDoubt,
                Deadline = doubt.Answered && ledger.Now < mine.Deadline ? ledger.Now : mine.Deadline,
            },
            _ => mine with { Settlement = IntentSettlement.NotSpent },
        };

        var after = ledger with { Intents = ledger.Intents.With(settled) };
        var next = isLast && row.State == CredentialState.Refreshing ? Escalation.Count(after, Leave(after, row), Answer, Rules, Spacing) : row;
        return new(SettleResult.Failed, Finalisation.TryFinish(after, next, Spacing) ?? next, [settled]);
    }

    /// <summary>Out of <see cref="CredentialState.Refreshing"/>, as far as this intent alone decides it.</summary>
    private CredentialRow Leave(CredentialLedger ledger, CredentialRow row)
    {
        switch (Answer)
        {
            case RefreshAnswer.GivenUp or RefreshAnswer.NotSpent { RefusesResource: true }:
                return row with { State = ledger.AtRest(), RetryAt = null };
            case RefreshAnswer.NotSpent notSpent:
                return row with
                {
                    State = ledger.AtRest(),
                    RetryAt = ledger.Now + Spacing.After(row.Failures, notSpent.RetryAfter),
                    Failures = row.Failures + 1,
                    WaitsFor = Answer.Told,
                };
            case RefreshAnswer.InDoubt doubt:
                return row with
                {
                    State = CredentialState.Unresolved,
                    RetryAt = RetryAt(ledger, row, doubt),
                    Failures = row.Failures + 1,
                    WaitsFor = Answer.Told,
                };
            default:
                return row with { State = CredentialState.Unresolved, WaitsFor = Answer.Told, Repeated = null };
        }
    }

    private DateTimeOffset RetryAt(CredentialLedger ledger, CredentialRow row, RefreshAnswer.InDoubt doubt)
    {
        var spaced = ledger.Now + Spacing.After(row.Failures, doubt.RetryAfter);
        var first = ledger.Intents[0].StartedAt;
        if (Rules.IsTolerant(first, ledger.Now))
        {
            // Inside the window a retry is harmless and after it perhaps fatal: the window outranks Retry-After.
            return Rules.LastTolerantMoment(first) is { } last && spaced >= last
                ? ledger.Now + Spans.Min((last - ledger.Now) / 2, Spacing.After(row.Failures))
                : spaced;
        }

        // Unanswered, the request may still be under way: its own deadline first.
        return doubt.Answered || spaced > Intent.Deadline ? spaced : Intent.Deadline;
    }
}

internal enum SettleResult
{
    /// <summary>The answer is the new generation.</summary>
    Stored,

    /// <summary>The row has another generation: the answer changes nothing.</summary>
    Discarded,

    /// <summary>
    /// Another answer to the same token has made the row's generation. If its token fails, this answer's token is tried next.
    /// </summary>
    Kept,

    /// <summary>The failure is written down.</summary>
    Failed,
}
