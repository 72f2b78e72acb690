namespace Executor.Credentials.Transitions;

/// <summary>Blanks the row under a new generation, so that nothing in flight can resurrect it. What is parked on it stays parked.</summary>
internal sealed record DeleteCredential(CredentialKey Key)
{
    public CredentialDecision<bool> Decide(CredentialLedger ledger) =>
        ledger.Row is null or { State: CredentialState.Absent }
            ? new(false)
            : new(true, new CredentialRow
            {
                Key = Key,
                Version = ledger.Row.Version,
                Generation = ledger.NextGeneration,
                Refusal = RefusalRules.End(ledger.Row.Refusal), // its budget is given back by time only
            });
}
