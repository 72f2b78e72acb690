using System.Data.Common;
using System.Diagnostics;
using Dapper;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>
/// A durable commit costs a round trip and a flush to the disk, so moves that wait together share one. A move that finds nothing
/// under way goes at once; those that come meanwhile go together after it.
/// </summary>
internal sealed class SharedRunMoves(Database database) : RunMoves
{
    private const int MaxBatch = 100;

    /// <summary>Characters of results: many large ones together would be one huge message.</summary>
    private const int MaxSize = 1 << 20;

    private const int MaxUnderWay = 4;

    /// <summary>One at a time shares best. But nobody waits for one that has met a slow disk or a dead connection.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    private readonly string _sql = SharedRunSql.Write(database.Dialect);
    private readonly Lock _gate = new();
    private readonly Queue<Waiting> _waiting = [];
    private int _underWay;
    private long _lastTaken;

    public override Task<bool> TryAsync(RunMove move, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiting = new Waiting(move);
        lock (_gate)
        {
            _waiting.Enqueue(waiting);
            if (_underWay == MaxUnderWay || (_underWay > 0 && Stopwatch.GetElapsedTime(_lastTaken) < Patience))
                return waiting.Task;
            _underWay++;
            _lastTaken = Stopwatch.GetTimestamp();
        }

        // Its sender serves others too, for as long as any wait: none of it is this caller's alone.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(SendAsync, CancellationToken.None);
        return waiting.Task;
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
            catch (DbException)
            {
                // A statement that is refused wrote nothing. Whose fault it is, each finds out alone.
                foreach (var waiting in batch)
                    waiting.SetResult(false);
            }
            catch (Exception fault)
            {
                foreach (var waiting in batch)
                    waiting.SetException(fault);
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
