using System.Collections.Concurrent;
using System.Data.Common;

namespace Executor.Load;

/// <summary>
/// Learns of runs' ends from the database itself, so that the node is not asked: one query for all runs in flight, every
/// millisecond for a few, every 20 for many. It is on the load generator's account, and delays what it sees by as much.
/// </summary>
internal sealed class FinishedRuns : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();
    private readonly BenchDatabase _database;
    private readonly DbConnection _connection;
    private readonly Task _watching;

    private FinishedRuns(BenchDatabase database, DbConnection connection)
    {
        _database = database;
        _connection = connection;
        _watching = Task.Run(WatchAsync);
    }

    public static async Task<FinishedRuns> WatchAsync(BenchDatabase database) => new(database, await database.ConnectAsync());

    public async Task WaitAsync(string run)
    {
        var waiter = _waiting.GetOrAdd(run, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await await Task.WhenAny(waiter.Task, _watching).WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        await _connection.DisposeAsync();
        _end.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            var asked = _waiting.Keys;
            if (asked.Count > 0)
            {
                foreach (var run in await _database.FinishedAsync(_connection, (IReadOnlyCollection<string>)asked))
                {
                    if (_waiting.TryRemove(run, out var waiter))
                        waiter.SetResult();
                }
            }

            // Many in flight are asked for less often: the query would take the database's time from them.
            await Task.Delay(asked.Count switch { <= 8 => 1, <= 64 => 5, _ => 20 }, CancellationToken.None);
        }
    }
}
