using Executor.Credentials;
using Executor.Runs;

namespace Executor.Simulation.Store;

/// <summary>In the write that removes what runs wait for: exactly once, and never without it.</summary>
internal static class ModelWaking
{
    /// <param name="prober">The one run that is to try a refused token.</param>
    /// <returns>Whether any run was woken or hastened.</returns>
    public static bool Wake(ModelTransaction transaction, CredentialRow row, ParkCause causes, Guid? prober)
    {
        var tables = transaction.Tables;
        if (tables.Runs.IsEmpty)
            return false;
        if (row.State == CredentialState.Ready)
            causes |= ParkCause.Unusable | (row.Refusal.IsActive ? ParkCause.None : ParkCause.TokenRefused);
        foreach (var run in tables.Runs.Values)
        {
            if (IsParkedOn(run.Row, row.Key) && Wakes(run.Row, causes, prober))
            {
                tables = tables.With(run.Requeued(
                    run.Row with { AwaitingReason = AwaitingReason.None, AwaitedServer = null, ParkCause = ParkCause.None }, transaction.Now));
            }
            else if (row.EndsWaits && BacksOffFrom(run.Row, row.Key))
            {
                tables = tables.With(run.Requeued(run.Row, transaction.Now));
            }
        }

        if (ReferenceEquals(tables, transaction.Tables))
            return false;
        transaction.Tables = tables;
        return true;
    }

    /// <summary>What says no cause wakes with any.</summary>
    private static bool Wakes(RunRow run, ParkCause causes, Guid? prober) =>
        (causes != ParkCause.None && causes.HasFlag(run.ParkCause)) || (run.ParkCause == ParkCause.TokenRefused && run.Id.Value == prober);

    private static bool IsParkedOn(RunRow run, CredentialKey key) =>
        run is { Status: RunStatus.AwaitingInput, AwaitingReason: AwaitingReason.NeedsOAuthReauth }
        && run.User == key.User && run.AwaitedServer == key.Server;

    /// <summary>It has nothing left to wait for.</summary>
    private static bool BacksOffFrom(RunRow run, CredentialKey key) =>
        run is { Status: RunStatus.Pending, BlockedSince: not null, NotBefore: not null }
        && run.User == key.User && run.NextServer == key.Server;
}
