namespace Executor.Credentials.Refresh;

internal static class CredentialChanges
{
    /// <param name="changed">Told of the row before and after, once they are committed; the latter is null where nothing was written.</param>
    public static async Task<T> ChangeAsync<T>(
        this ICredentialStore store,
        CredentialKey key,
        CredentialChangeOptions options,
        Func<CredentialLedger, CredentialDecision<T>> decide,
        Action<CredentialRow?, CredentialRow?> changed,
        CancellationToken cancellationToken)
    {
        (CredentialRow? Before, CredentialRow? After) rows = default; // of the last decision: an earlier one was not committed
        var result = await store.ChangeAsync(
            key,
            options,
            ledger =>
            {
                var decision = decide(ledger);
                rows = (ledger.Row, decision.Row);
                return decision;
            },
            cancellationToken);
        changed(rows.Before, rows.After);
        return result;
    }
}
