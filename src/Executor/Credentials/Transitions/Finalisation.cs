namespace Executor.Credentials.Transitions;

/// <summary>
/// Makes a refusal final. It takes more than the answer: every earlier intent of the generation must be over, since one that is
/// still listened for may yet bring a success. Until then the answer waits on its intent, and whoever sees the last earlier one
/// end finishes it, without redeeming anything again.
/// </summary>
internal static class Finalisation
{
    /// <summary>The row as the recorded refusal leaves it; null when none is recorded or it has to wait.</summary>
    public static CredentialRow? TryFinish(CredentialLedger ledger, CredentialRow row, RetrySpacing spacing)
    {
        if (row.State is not (CredentialState.Refreshing or CredentialState.Unresolved)
            || ledger.Last() is not { RecordedFailure: not CredentialReason.None } last
            || ledger.Intents.Any(intent => intent.Id != last.Id && !intent.IsOver()))
            return null;

        if (last.RecordedFailure != CredentialReason.Revoked)
        {
            return row with
            {
                State = CredentialState.OperatorError,
                Reason = last.RecordedFailure,
                RetryAt = ledger.Now + spacing.AfterOperatorError(row.Failures),
                Failures = row.Failures + 1,
            };
        }

        if (row.KeptRefreshToken is not null && !last.UsesKept)
            return row with { State = CredentialState.Ready, TryKept = true, RetryAt = null };

        var doubted = last.UsesKept || ledger.Intents.Any(intent => intent.Id != last.Id && intent.IsDoubtful());
        return row with
        {
            State = CredentialState.NeedsReauth,
            Reason = doubted ? CredentialReason.OutcomeUnknown : CredentialReason.Revoked,
            RetryAt = null,
            AccessToken = null,
            AccessTokenExpiresAt = null,
            RefreshAt = null,
        };
    }
}
