using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;

namespace Executor.Runs;

/// <summary>
/// Keeps runs and the journal of their steps. A change is one short transaction. It locks the credential's row first (when a park names
/// one), and then the run's. It lets the domain decide, and writes the decision.
/// </summary>
public interface IRunStore
{
    /// <summary>Inserts a run with its steps; with a key that the user has used before, inserts nothing.</summary>
    Task<RunInsertion> InsertAsync(
        RunRow run, IReadOnlyList<StepDefinition> steps, IdempotencyKey? key, CancellationToken cancellationToken);

    /// <summary>The run with all steps and their results, consistent with each other; null when unknown.</summary>
    Task<RunRecord?> ReadAsync(RunId id, CancellationToken cancellationToken);

    /// <summary>The run's row as it is just now, without a lock; null when unknown.</summary>
    Task<RunRow?> FindAsync(RunId id, CancellationToken cancellationToken);

    /// <summary>Runs of one user, newest first, without steps.</summary>
    Task<IReadOnlyList<RunRow>> ListAsync(UserId user, RunFilter filter, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Pending runs that are due: the oldest <paramref name="perUser"/> of each user, fewest-first over users, so that no user's
    /// queue hides another's. Runs of <paramref name="saturated"/> servers are left out.
    /// </summary>
    Task<ReadyRuns> FindReadyAsync(
        int perUser, int limit, IReadOnlyCollection<McpServerId> saturated, CancellationToken cancellationToken);

    /// <summary>
    /// Takes those of <paramref name="ids"/> that are still pending: <see cref="RunStatus.Running"/>, owned by
    /// <paramref name="owner"/>, fence raised. Steps come without results.
    /// </summary>
    Task<IReadOnlyList<RunRecord>> ClaimAsync(IReadOnlyCollection<RunId> ids, NodeRef owner, CancellationToken cancellationToken);

    /// <summary>
    /// Runs <paramref name="decide"/> inside the transaction. It must be pure, since it may run again. With <paramref name="park"/> the
    /// credential's row is locked first; an unknown key gets its absent row. The ledger says whether the row is still as seen. A changed
    /// run is announced after the commit.
    /// </summary>
    Task<T> ChangeAsync<T>(
        RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken);

    /// <summary>
    /// The same without a look before. It is first decided on what the caller knows, by an estimate of the database's clock, and written
    /// if the row still has that version. If it has not, or nothing is to be written, it is decided on what is there. A store may leave
    /// the attempt out.
    /// </summary>
    Task<T> ChangeAsync<T>(KnownRun known, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
        ChangeAsync(known.Run.Id, park: null, decide, cancellationToken);

    /// <summary>Results of some steps, as JSON, by step index.</summary>
    Task<IReadOnlyDictionary<int, string>> ReadResultsAsync(
        RunId id, IReadOnlyCollection<int> steps, CancellationToken cancellationToken);

    /// <summary>
    /// Puts the running runs of lost incarnations back into the queue, fence raised, whatever their current step was doing. Says how many.
    /// </summary>
    Task<int> ReleaseAsync(IReadOnlyCollection<NodeRef> lost, CancellationToken cancellationToken);

    /// <summary>Every incarnation that owns a running run.</summary>
    Task<IReadOnlyList<NodeRef>> FindOwnersAsync(CancellationToken cancellationToken);

    /// <summary>The running runs of one incarnation, each with its fence.</summary>
    Task<IReadOnlyList<(RunId Id, long Fence)>> FindClaimsAsync(NodeRef owner, CancellationToken cancellationToken);

    /// <summary>Deletes finished runs, at most <paramref name="limit"/>; says how many.</summary>
    Task<int> PruneAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken);
}

/// <param name="Value">As the client sent it; unique per user.</param>
/// <param name="BodyHash">SHA-256 of the canonical request: the same key with another body is refused.</param>
public sealed record IdempotencyKey(string Value, byte[] BodyHash);

public sealed record RunRecord(RunRow Run, IReadOnlyList<StepRow> Steps);

public abstract record RunInsertion
{
    private RunInsertion()
    {
    }

    public sealed record Inserted : RunInsertion;

    /// <summary>The same request was taken before.</summary>
    public sealed record Repeated(RunId Id) : RunInsertion;

    /// <summary>The key was used for another request.</summary>
    public sealed record KeyReused : RunInsertion;
}

/// <param name="Status">Only runs in this status.</param>
/// <param name="Server">Only runs that have a step for this server.</param>
/// <param name="Before">Only runs older than this one: the cursor.</param>
public sealed record RunFilter(RunStatus? Status = null, McpServerId? Server = null, RunId? Before = null);

/// <param name="Runs">In claiming order.</param>
/// <param name="NextDue">How long until a further pending run becomes due; null when none waits.</param>
public sealed record ReadyRuns(IReadOnlyList<ReadyRun> Runs, TimeSpan? NextDue);

public readonly record struct ReadyRun(RunId Id, UserId User, McpServerId? Server);

/// <summary>A park holds only while the credential's row still is what the parking run saw.</summary>
public readonly record struct CredentialSeen(CredentialKey Key, CredentialSight Sight)
{
    public bool IsStill(Generation generation, CredentialState state, long episode) =>
        generation == Sight.Generation && state == Sight.State && episode == Sight.Episode;
}

/// <summary>A run as it was committed last, to the knowledge of whoever committed it.</summary>
/// <param name="Current">The step at the run's position, without its result; null past the last.</param>
public sealed record KnownRun(RunRow Run, StepRow? Current);

/// <param name="Run">The row, locked or guarded by its version; null when unknown.</param>
/// <param name="Current">The step at the run's position, without its result; null past the last.</param>
/// <param name="Now">The database's clock.</param>
/// <param name="StillAsSeen">Whether the credential's row is still as the park named it; true when none was named.</param>
public sealed record RunLedger(RunRow? Run, StepRow? Current, DateTimeOffset Now, bool StillAsSeen);

/// <param name="Run">The row to write (its version is raised by the store), or null to leave everything as it is.</param>
/// <param name="Steps">Journal entries to write with it; a null result leaves a stored result alone.</param>
public sealed record RunDecision<T>(T Result, RunRow? Run = null, IReadOnlyList<StepRow>? Steps = null);
