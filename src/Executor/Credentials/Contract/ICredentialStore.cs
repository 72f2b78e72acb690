using Executor.Nodes;

namespace Executor.Credentials;

/// <summary>
/// Keeps credentials and their intents. Every change is one short transaction. It locks the row, reads its intents, lets the domain
/// decide, and writes the decision guarded by the row's version. So what is decided is decided on what is current.
/// </summary>
public interface ICredentialStore
{
    /// <summary>The row as committed, with the database's time; null when the key was never seen.</summary>
    Task<CredentialSnapshot?> ReadAsync(CredentialKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Runs <paramref name="decide"/> inside the transaction. It must be pure, since it may run again. The same transaction wakes the
    /// runs parked on the key whose cause it may have removed. These are those of <see cref="ParkCause.Unusable"/> where it ends in
    /// <see cref="CredentialState.Ready"/>, and those of <see cref="CredentialDecision{T}.Wakes"/>. A change of generation closes the
    /// intents of the old one. After the commit a changed row is announced to every node.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database could not be reached, or the commit's outcome is not known.</exception>
    Task<T> ChangeAsync<T>(
        CredentialKey key,
        CredentialChangeOptions options,
        Func<CredentialLedger, CredentialDecision<T>> decide,
        CancellationToken cancellationToken);

    /// <summary>
    /// Keys that a recovery has to look at: <see cref="CredentialState.Refreshing"/>; <see cref="CredentialState.Unresolved"/>
    /// unless its <see cref="CredentialRow.RetryAt"/> lies ahead; <see cref="CredentialState.OperatorError"/> whose
    /// <see cref="CredentialRow.RetryAt"/> has passed; after <paramref name="after"/> in key order.
    /// </summary>
    Task<IReadOnlyList<CredentialKey>> FindUnresolvedAsync(CredentialKey? after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Keys whose pause for refused tokens is over and that nobody tries, the longest over first. Each comes with the oldest run that is
    /// parked for it. Keys that no run waits for are left out.
    /// </summary>
    Task<IReadOnlyList<(CredentialKey Key, Guid Run)>> FindProbesAsync(int limit, CancellationToken cancellationToken);
}

/// <param name="Row">The committed row.</param>
/// <param name="Now">The database's clock at the time of the read.</param>
public sealed record CredentialSnapshot(CredentialRow Row, DateTimeOffset Now);

/// <param name="CreatesRow">
/// An unknown key gets an <see cref="CredentialState.Absent"/> row of <see cref="Generation.None"/> first; it stays only if a row is decided.
/// </param>
/// <param name="DrawsGeneration">The decision needs <see cref="CredentialLedger.NextGeneration"/>.</param>
/// <param name="CountsLive">The decision needs <see cref="CredentialLedger.LiveOfUser"/>.</param>
/// <param name="Opener">The incarnation that wants to open an intent; refused once it has been written down as gone.</param>
public readonly record struct CredentialChangeOptions(
    bool CreatesRow = false, bool DrawsGeneration = false, bool CountsLive = false, NodeRef? Opener = null);

/// <summary>What a decision sees: the locked row, its generation's intents in order, and the database's clock.</summary>
/// <param name="Row">Null when the key is unknown and the change does not create rows.</param>
/// <param name="NextGeneration">Drawn for this change, lost if it is not used; <see cref="Generation.None"/> unless asked for.</param>
/// <param name="LiveOfUser">How many credentials of the key's user are not <see cref="CredentialState.Absent"/>; 0 unless asked for.</param>
/// <param name="OpenerGone">The <see cref="CredentialChangeOptions.Opener"/> may not open intents any more.</param>
public sealed record CredentialLedger(
    CredentialRow? Row,
    IReadOnlyList<RefreshIntent> Intents,
    DateTimeOffset Now,
    Generation NextGeneration,
    bool OpenerGone,
    int LiveOfUser = 0);

/// <param name="Row">The row to write, or null to leave everything as it is.</param>
/// <param name="Intents">Intents to insert or update with it.</param>
/// <param name="Forgotten">Intents to delete with it.</param>
public sealed record CredentialDecision<T>(
    T Result, CredentialRow? Row = null, IReadOnlyList<RefreshIntent>? Intents = null, IReadOnlyList<IntentId>? Forgotten = null)
{
    /// <summary>Runs parked for these causes wake with the row, besides those that a row which is ready wakes.</summary>
    public ParkCause Wakes { get; init; }

    /// <summary>One run that wakes with the row, to try a refused token, if it still is parked for it.</summary>
    public Guid? WakesRun { get; init; }
}
