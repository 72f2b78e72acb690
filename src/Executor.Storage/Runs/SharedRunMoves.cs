using System.Diagnostics;
using Dapper;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>
/// A durable commit costs a round trip and a flush to the disk, so moves that wait together share one. A move that finds nothing under
/// way goes at once. Those that come meanwhile go together after it.
/// </summary>
internal sealed class SharedRunMoves(Database database) : RunMoves
{
    private const int MaxBatch = 100;

    /// <summary>Characters of results: many large ones together would be one huge message.</summary>
    private const int MaxSize = 1 << 20;

    private const int MaxUnderWay = 4;

    /// <summary>One at a time shares best. But nobody waits for one that has met a slow disk or a dead connection.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    /// <summary>When all that may be under way are slow, those who wait go on alone.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(1);

    private readonly string _sql = SharedRunSql.Write(database.Dialect);
    private readonly Lock _gate = new();
    private readonly Queue<Waiting> _waiting = [];
    private int _underWay;
    private long _lastTaken;
    private bool _isWatched;

    public override Task<bool> TryAsync(RunMove move, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiting = new Waiting(move);
        Func<Task> work;
        lock (_gate)
        {
            _waiting.Enqueue(waiting);
            if (MayStart())
            {
                work = SendAsync;
            }
            else
            {
                if (_isWatched)
                    return waiting.Task;
                _isWatched = true;
                work = WatchAsync;
            }
        }

        Start(work);
        return waiting.Task;
    }

    // It serves others too, for as long as any wait: none of it is its first caller's alone.
    private static void Start(Func<Task> work)
    {
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(work, CancellationToken.None);
    }

    /// <summary>Takes a place for one more, where there is a reason to.</summary>
    private bool MayStart()
    {
        if (_underWay == MaxUnderWay || (_underWay > 0 && Stopwatch.GetElapsedTime(_lastTaken) < Patience))
            return false;
        _underWay++;
        _lastTaken = Stopwatch.GetTimestamp();
        return true;
    }

    /// <summary>
    /// Lets waiting moves go on where a batch does not end. It does so for as long as any move waits: nobody else may come to do it.
    /// </summary>
    private async Task WatchAsync()
    {
        while (true)
        {
            await Task.Delay(Patience);
            Waiting[] left = [];
            lock (_gate)
            {
                _isWatched = _waiting.Count > 0;
                if (!_isWatched)
                    return;
                if (MayStart())
                {
                    Start(SendAsync);
                }
                else if (Stopwatch.GetElapsedTime(_lastTaken) > LongPatience)
                {
                    left = [.. _waiting];
                    _waiting.Clear();
                }
            }

            foreach (var waiting in left)
                waiting.SetResult(false);
        }
    }

    private async Task SendAsync()
    {
        while (Take() is { } batch)
        {
            try
            {
                var written = await WriteAsync(batch);
                for (var n = 0; n < batch.Count; n++)
                    batch[n].SetResult(written.Contains(n));
            }
            catch (StoreUnavailableException fault)
            {
                foreach (var waiting in batch)
                    waiting.SetException(fault);
            }
            catch (Exception)
            {
                // Refused, or one of them cannot even be written. Whose fault it is, each finds out alone.
                foreach (var waiting in batch)
                    waiting.SetResult(false);
            }
        }
    }

    private List<Waiting>? Take()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _underWay--;
                return null;
            }

            _lastTaken = Stopwatch.GetTimestamp();
            var batch = new List<Waiting>(Math.Min(_waiting.Count, MaxBatch));
            for (var size = 0; batch.Count < MaxBatch && size < MaxSize && _waiting.TryDequeue(out var next); size += next.Move.Size)
                batch.Add(next);
            return batch;
        }
    }

    /// <summary>The places of those that were written.</summary>
    private Task<HashSet<int>> WriteAsync(List<Waiting> batch)
    {
        var arguments = SharedRunSql.ArgumentsOf(batch.ConvertAll(waiting => waiting.Move));
        return database.WriteAsync(
            session => session.CommitAsync(_sql, arguments, async grid =>
            {
                var written = (await grid.ReadAsync<(int Place, long Now)>()).AsList();
                if (written.Count > 0)
                    database.Hear(written[0].Now);
                return written.ConvertAll(row => row.Place).ToHashSet();
            }),
            CancellationToken.None);
    }

    private sealed class Waiting(RunMove move) : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public RunMove Move { get; } = move;
    }
}
