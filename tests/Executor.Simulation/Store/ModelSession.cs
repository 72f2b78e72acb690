using Executor.Credentials;
using Executor.Nodes;
using Executor.Runs;

namespace Executor.Simulation.Store;

/// <summary>One process's view of the database.</summary>
internal sealed class ModelSession : IDisposable
{
    private readonly ModelDatabase _database;
    private readonly ModelChangeFeed _changes;
    private readonly ModelNodeRegistry? _registry;

    public ModelSession(ModelDatabase database, string name)
    {
        _database = database;
        Name = name;
        _changes = new ModelChangeFeed(database, this);
        Credentials = new ModelCredentialStore(database, this);
        Runs = new ModelRunStore(database, this);
        _registry = database.Flavour == ModelFlavour.Postgres ? new ModelNodeRegistry(database, this) : null;
        Nodes = (INodeRegistry?)_registry ?? new ModelSingleNodeRegistry(database, this);
    }

    public string Name { get; }

    public ModelDatabase Database => _database;

    public ICredentialStore Credentials { get; }

    public IRunStore Runs { get; }

    public INodeRegistry Nodes { get; }

    public IChangeFeed Changes => _changes;

    /// <summary>Asked about each write of this process, between its decision and its commit.</summary>
    public Func<ModelWrite, CommitFate>? Fault { get; set; }

    public bool IsClosed { get; private set; }

    /// <summary>What handlers of this process threw: defects, which kept nothing from the other handlers.</summary>
    public IReadOnlyList<Exception> HandlerDefects => _changes.Defects;

    /// <summary>A change arrives here.</summary>
    public void Deliver(Change change)
    {
        if (!IsClosed)
            _changes.Deliver(change);
    }

    /// <summary>The process is dead: its locks are free, and it reads, writes and hears nothing more.</summary>
    public void Kill()
    {
        IsClosed = true;
        Cut();
    }

    public void Dispose() => Kill();

    /// <summary>The liveness connections break on both sides: the locks are free, and the process knows that it holds none.</summary>
    public void Cut()
    {
        FreeLocks();
        NoticeLostLocks();
    }

    /// <summary>The server gives the liveness connections up, which the process has not noticed yet.</summary>
    public void FreeLocks() => _registry?.FreeLocks(_database.Locks);

    /// <summary>The process gives its liveness connections up, which the server may not have noticed yet.</summary>
    public void NoticeLostLocks() => _registry?.NoticeLostLocks();

    public void Publish(Change change) => _database.Publish(this, change);

    public void ThrowIfClosed()
    {
        if (IsClosed)
            throw new StoreUnavailableException();
    }
}
