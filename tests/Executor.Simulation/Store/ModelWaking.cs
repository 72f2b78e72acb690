using Executor.Credentials;
using Executor.Runs;

namespace Executor.Simulation.Store;

/// <summary>In the write that makes a credential ready: exactly once, and never without it.</summary>
internal static class ModelWaking
{
    /// <returns>Whether any run was woken or hastened.</returns>
    public static bool Wake(ModelTransaction transaction, CredentialRow ready)
    {
        var tables = transaction.Tables;
        if (tables.Runs.IsEmpty)
            return false;
        var hastens = ready.RetryAt is null;
        foreach (var run in tables.Runs.Values)
        {
            if (IsParkedOn(run.Row, ready.Key))
                tables = tables.With(run.Requeued(run.Row with { AwaitingReason = AwaitingReason.None, AwaitedServer = null }, transaction.Now));
            else if (hastens && BacksOffFrom(run.Row, ready.Key))
                tables = tables.With(run.Requeued(run.Row, transaction.Now));
        }

        if (ReferenceEquals(tables, transaction.Tables))
            return false;
        transaction.Tables = tables;
        return true;
    }

    private static bool IsParkedOn(RunRow run, CredentialKey key) =>
        run is { Status: RunStatus.AwaitingInput, AwaitingReason: AwaitingReason.NeedsOAuthReauth }
        && run.User == key.User && run.AwaitedServer == key.Server;

    /// <summary>It has nothing left to wait for.</summary>
    private static bool BacksOffFrom(RunRow run, CredentialKey key) =>
        run is { Status: RunStatus.Pending, BlockedSince: not null, NotBefore: not null }
        && run.User == key.User && run.NextServer == key.Server;
}
