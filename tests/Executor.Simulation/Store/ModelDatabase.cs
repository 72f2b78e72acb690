using Executor.Nodes;

namespace Executor.Simulation.Store;

/// <summary>
/// Executor's database as the domain sees it, without a database: the promises of the stores, atomic and immediate. One lock, which
/// nobody contends for in a simulation, makes it usable from several threads where a test wants that.
/// </summary>
internal sealed class ModelDatabase(TimeProvider clock, ModelFlavour flavour = ModelFlavour.Postgres)
{
    // Far from the small numbers that tests make up for nodes that never entered.
    private const long FirstIncarnation = 1L << 32;

    private readonly Lock _gate = new();
    private readonly List<ModelSession> _sessions = [];
    private ModelTables _tables = ModelTables.Empty;
    private long _lastIncarnation = FirstIncarnation;
    private long _lastDrawn;

    /// <summary>How a change gets from one session to another (or to itself). By default it arrives at once.</summary>
    public Action<ModelSession, ModelSession, Change> Route { get; set; } = static (_, to, change) => to.Deliver(change);

    public ModelFlavour Flavour => flavour;

    /// <summary>What is committed at this moment.</summary>
    public ModelTables Tables => _tables;

    public LivenessLocks Locks { get; } = new();

    /// <summary>The database's clock, as fine as it is kept.</summary>
    public DateTimeOffset Now => clock.GetUtcNow().Kept();

    /// <summary>One process's connection to the database.</summary>
    /// <exception cref="InvalidOperationException">SQLite: another process has the file.</exception>
    public ModelSession Open(string name = "")
    {
        lock (_gate)
        {
            if (flavour == ModelFlavour.Sqlite && _sessions.Exists(session => !session.IsClosed))
                throw new InvalidOperationException("Another process has the database's file.");
            var session = new ModelSession(this, name);
            _sessions.RemoveAll(former => former.IsClosed);
            _sessions.Add(session);
            return session;
        }
    }

    public long DrawIncarnation()
    {
        lock (_gate)
            return ++_lastIncarnation;
    }

    public T Read<T>(ModelSession session, Func<ModelTables, T> read)
    {
        lock (_gate)
        {
            session.ThrowIfClosed();
            return read(_tables);
        }
    }

    /// <summary>Reads, decides and commits as one. The one place where a write may come to grief is between the last two.</summary>
    public T Write<T>(in ModelWrite write, Func<ModelTransaction, T> work)
    {
        lock (_gate)
        {
            write.Session.ThrowIfClosed();
            var transaction = new ModelTransaction(this, _tables);
            var result = work(transaction);
            var fate = write.Session.Fault?.Invoke(write) ?? CommitFate.Committed;
            if (fate != CommitFate.Aborted)
                _tables = transaction.Tables;
            if (fate != CommitFate.Committed)
                throw new StoreUnavailableException();
            return result;
        }
    }

    /// <summary>A sequence forgets nothing, whatever becomes of the write; SQLite's counter is a row, which a failed write leaves as it was.</summary>
    public long DrawGeneration(ModelTransaction transaction)
    {
        _lastDrawn = flavour == ModelFlavour.Postgres ? _lastDrawn + 1 : transaction.Tables.LastGeneration + 1;
        transaction.Tables = transaction.Tables with { LastGeneration = _lastDrawn };
        return _lastDrawn;
    }

    public void Publish(ModelSession from, Change change)
    {
        ModelSession[] sessions;
        lock (_gate)
            sessions = [.. _sessions];
        foreach (var to in sessions)
        {
            if (!to.IsClosed)
                Route(from, to, change);
        }
    }
}
