namespace Executor.Credentials.Transitions;

/// <summary>
/// Makes a refusal final. It takes more than the answer. Every earlier intent of the generation must be over: one that is still listened
/// for may yet bring a success. Until then the answer waits on its intent. Whoever sees the last earlier one end finishes it, without
/// redeeming anything again. A refused grant is also confirmed by a further intent. Some servers say <c>invalid_grant</c> of a token that
/// they are processing.
/// </summary>
internal static class Finalisation
{
    /// <summary>For how long a confirmation may stay without a complete answer.</summary>
    private static readonly TimeSpan ConfirmationLimit = TimeSpan.FromMinutes(10);

    /// <summary>The row as the recorded refusal leaves it; null when none is recorded or it has to wait.</summary>
    public static CredentialRow? TryFinish(CredentialLedger ledger, CredentialRow row, RetrySpacing spacing)
    {
        if (row.State is not (CredentialState.Refreshing or CredentialState.Unresolved)
            || ledger.Last() is not { } last
            || last.IsBeingConfirmed(row)
            || ledger.Intents.Any(intent => intent.Id != last.Id && !intent.IsOver()))
            return null;
        return last.RecordedFailure switch
        {
            CredentialReason.None => IsUnconfirmed(ledger, row, last) ? Dead(row, CredentialReason.OutcomeUnknown) : null,
            CredentialReason.Revoked => Refused(ledger, row, last, spacing),
            var reason => row with
            {
                State = CredentialState.OperatorError,
                Reason = reason,
                RetryAt = ledger.Now + spacing.AfterOperatorError(row.Failures),
                Failures = row.Failures + 1,
            },
        };
    }

    private static CredentialRow Refused(CredentialLedger ledger, CredentialRow row, RefreshIntent last, RetrySpacing spacing)
    {
        // What is kept is tried first, and at once: it may be honoured inside a window only.
        var triesKept = row.KeptRefreshToken is not null && !last.UsesKept;
        if (triesKept && row.ConfirmingSince is null)
            return row with { State = CredentialState.Ready, TryKept = true, RetryAt = null };
        if (triesKept || row.ConfirmingSince is null)
        {
            return row with
            {
                State = CredentialState.Unresolved,
                TryKept = triesKept,
                ConfirmingSince = ledger.Now,
                RetryAt = ledger.Now + spacing.BeforeConfirmation(),
            };
        }

        var doubted = last.UsesKept || ledger.Intents.Any(intent => intent.Id != last.Id && intent.IsDoubtful());
        return Dead(row, doubted ? CredentialReason.OutcomeUnknown : CredentialReason.Revoked);
    }

    /// <summary>A confirmation was sent, and nothing that came in all that time tells. One that could not be sent refuses nothing.</summary>
    private static bool IsUnconfirmed(CredentialLedger ledger, CredentialRow row, RefreshIntent last) =>
        row.ConfirmingSince is { } since && ledger.Now - since >= ConfirmationLimit && last.IsOver()
        && ledger.Intents.Any(intent => !intent.IsBeingConfirmed(row) && intent.IsDoubtful());

    private static CredentialRow Dead(CredentialRow row, CredentialReason reason) => row with
    {
        State = CredentialState.NeedsReauth,
        Reason = reason,
        RetryAt = null,
        AccessToken = null,
        AccessTokenExpiresAt = null,
        MintedAt = null,
        RefreshAt = null,
    };
}
