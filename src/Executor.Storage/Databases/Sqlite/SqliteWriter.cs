using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Executor.Storage.Databases.Sqlite;

/// <summary>
/// The only writer of the file. A durable commit costs a flush to the disk, so transactions that wait together share one. Each is in its
/// own savepoint, so that a failing one is undone alone. None is answered before the shared commit has succeeded.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private const int MaxBatch = 256;

    // Longer batches gain little against a flush of a few milliseconds, and delay everybody in them.
    private static readonly TimeSpan MaxWork = TimeSpan.FromMilliseconds(5);

    private readonly Channel<SqliteJob> _jobs = Channel.CreateUnbounded<SqliteJob>(new() { SingleReader = true });
    private readonly SqliteConnection _connection;
    private readonly PreparedConnection _statements;
    private readonly TimeProvider _time;
    private readonly Action _check;
    private readonly Task _loop;
    private readonly SqliteCommand _begin, _savepoint, _release, _undo, _commit, _rollback;
    private long _commits;

    /// <param name="connection">Its own.</param>
    /// <param name="time">The database's clock.</param>
    /// <param name="check">Throws where nothing may be written any more.</param>
    public SqliteWriter(SqliteConnection connection, TimeProvider time, Action check)
    {
        _check = check;
        _connection = connection;
        _statements = new PreparedConnection(connection);
        _time = time;
        _begin = Prepare("BEGIN IMMEDIATE");
        _savepoint = Prepare("SAVEPOINT job");
        _release = Prepare("RELEASE job");
        _undo = Prepare("ROLLBACK TO job");
        _commit = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");

        // SQLite blocks its thread, and so does the flush: a thread of its own, not one of the pool's.
        _loop = Task.Factory.StartNew(
            Run, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
    }

    public long Commits => Interlocked.Read(ref _commits);

    public Task<T> RunAsync<T>(Func<WriteSession, Task<T>> work, CancellationToken cancellationToken)
    {
        var job = new SqliteJob<T>(work, cancellationToken);
        return _jobs.Writer.TryWrite(job)
            ? job.Task
            : Task.FromException<T>(new StoreUnavailableException("The database is closed."));
    }

    public async ValueTask DisposeAsync()
    {
        _jobs.Writer.TryComplete();
        await _loop;
        foreach (var command in new[] { _begin, _savepoint, _release, _undo, _commit, _rollback })
            await command.DisposeAsync();
        await _statements.DisposeAsync();
    }

    private void Run()
    {
        var batch = new List<SqliteJob>(MaxBatch);

        // Blocks on purpose: this thread has nothing else to do.
        while (_jobs.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            var fault = RunBatch(batch);
            foreach (var job in batch)
                job.Complete(fault);
        }
    }

    private StoreUnavailableException? RunBatch(List<SqliteJob> batch)
    {
        try
        {
            _check();
            _begin.ExecuteNonQuery();
            var started = Stopwatch.GetTimestamp();
            while (batch.Count < MaxBatch && Stopwatch.GetElapsedTime(started) < MaxWork && _jobs.Reader.TryRead(out var job))
            {
                batch.Add(job);
                RunJob(job);
            }

            _commit.ExecuteNonQuery();
            Interlocked.Increment(ref _commits);
            return null;
        }
        catch (Exception failure)
        {
            RollBack();

            // Whoever waits is told, also when not even BEGIN succeeded: the next batch would fare no better for waiting longer.
            if (batch.Count == 0 && _jobs.Reader.TryRead(out var first))
                batch.Add(first);

            // Whatever it is, the thread must live: without it every caller would wait for ever.
            return failure as StoreUnavailableException ?? (failure is SqliteException fault
                ? SqliteFaults.Unavailable(fault)
                : new StoreUnavailableException($"The database writer failed ({failure.GetType().Name})."));
        }
    }

    private void RunJob(SqliteJob job)
    {
        if (!job.TryStart())
            return;
        _savepoint.ExecuteNonQuery();
        var session = new SqliteSession(_statements, _time);
        if (!job.Run(session) || session.IsRolledBack)
        {
            // Some faults (disk full, out of memory) end the whole transaction; then this throws, and nobody's work was stored.
            _undo.ExecuteNonQuery();
        }

        _release.ExecuteNonQuery();
    }

    private void RollBack()
    {
        try
        {
            if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
                _rollback.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // The next BEGIN fails on what is left of it, and tells its caller.
        }
    }

    private SqliteCommand Prepare(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}
