using System.Collections.Immutable;
using Executor.Credentials;
using Executor.Identity;
using Executor.Runs;

namespace Executor.Simulation.Store;

/// <summary>
/// All that is committed, as one immutable value: a snapshot is a reference, and an aborted write leaves no trace. Ordered by keys
/// or by insertion, so that no hash decides anything.
/// </summary>
internal sealed record ModelTables
{
    public static readonly ModelTables Empty = new();

    public ImmutableSortedDictionary<CredentialKey, StoredCredential> Credentials { get; init; } =
        ImmutableSortedDictionary.Create<CredentialKey, StoredCredential>(KeyOrder.Instance);

    public ImmutableSortedDictionary<RunOrder, StoredRun> Runs { get; init; } =
        ImmutableSortedDictionary.Create<RunOrder, StoredRun>(RunOrder.Comparer);

    public ImmutableDictionary<RunId, RunOrder> OrderOfRun { get; init; } = ImmutableDictionary<RunId, RunOrder>.Empty;

    public ImmutableDictionary<(UserId User, string Key), RunId> RunOfKey { get; init; } = ImmutableDictionary<(UserId, string), RunId>.Empty;

    /// <summary>By incarnation, which is drawn in order.</summary>
    public ImmutableSortedDictionary<long, StoredNode> Nodes { get; init; } = ImmutableSortedDictionary<long, StoredNode>.Empty;

    public long LastGeneration { get; init; }

    public long LastRun { get; init; }

    public StoredRun? FindRun(RunId id) => OrderOfRun.TryGetValue(id, out var order) ? Runs[order] : null;

    /// <summary>An incarnation without a row has been written down as gone and forgotten.</summary>
    public bool IsGone(long incarnation) => !Nodes.TryGetValue(incarnation, out var node) || node.IsGone;

    public ModelTables With(StoredCredential credential) =>
        this with { Credentials = Credentials.SetItem(credential.Row.Key, credential) };

    public ModelTables With(StoredRun run) => this with { Runs = Runs.SetItem(run.Order, run) };

    public ModelTables With(StoredNode node) => this with { Nodes = Nodes.SetItem(node.Node.Incarnation, node) };

    public ModelTables WithNew(StoredRun run) => this with
    {
        Runs = Runs.Add(run.Order, run),
        OrderOfRun = OrderOfRun.Add(run.Row.Id, run.Order),
        RunOfKey = run.Key is null ? RunOfKey : RunOfKey.Add((run.Row.User, run.Key.Value), run.Row.Id),
        LastRun = run.Order.Sequence,
    };

    public ModelTables Without(StoredRun run) => this with
    {
        Runs = Runs.Remove(run.Order),
        OrderOfRun = OrderOfRun.Remove(run.Row.Id),
        RunOfKey = run.Key is null ? RunOfKey : RunOfKey.Remove((run.Row.User, run.Key.Value)),
    };
}
