using Dapper;
using Executor.Identity;
using Executor.Runs;
using Executor.Storage.Databases;
using Executor.Storage.Databases.Postgres;
using Executor.Storage.Runs;

namespace Executor.Tests.Storage;

/// <summary>How moves share transactions, on a database that answers when it is told to.</summary>
public sealed class SharedRunMovesTests
{
    [Fact]
    public async Task Move_that_came_directly_after_a_batch_that_hangs_does_not_wait_for_its_end()
    {
        var database = new StalledDatabase();
        var moves = new SharedRunMoves(database);
        _ = moves.TryAsync(Move(), CancellationToken.None);
        await database.IsStalled.WaitAsync(TimeSpan.FromSeconds(10));
        var second = moves.TryAsync(Move(), CancellationToken.None);

        Assert.True(await second.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Defect_in_writing_a_batch_is_not_its_other_members()
    {
        var database = new StalledDatabase { Fault = new InvalidOperationException("A value that the driver cannot encode.") };
        Assert.False(await new SharedRunMoves(database).TryAsync(Move(), CancellationToken.None));
    }

    private static RunMove Move() => new(
        1, new RunRow { Id = new RunId(Guid.NewGuid()), User = UserId.From(1), Name = "", Input = "{}", StepCount = 1 }, []);

    /// <summary>The first transaction never ends, the later ones write their first member.</summary>
    private sealed class StalledDatabase : Database
    {
        private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _calls;

        public Task IsStalled => _stalled.Task;

        public Exception? Fault { get; init; }

        public override Dialect Dialect { get; } = new PostgresDialect(serverClock: true);

        public override long? Now => 0;

        public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override Task<T> ReadAsync<T>(
            string sql, SqlArguments arguments, Func<SqlMapper.GridReader, Task<T>> read, CancellationToken cancellationToken, bool snapshot = false) =>
            throw new NotSupportedException();

        public override Task<T> WriteAsync<T>(Func<WriteSession, Task<T>> work, CancellationToken cancellationToken)
        {
            if (Fault is not null)
                return Task.FromException<T>(Fault);
            if (Interlocked.Increment(ref _calls) > 1)
                return Task.FromResult((T)(object)new HashSet<int> { 0 });
            _stalled.SetResult();
            return new TaskCompletionSource<T>().Task;
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
