using Executor.Identity;
using Executor.Storage.Databases;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Storage;

/// <summary>One user with a long queue hides nobody.</summary>
public abstract class QueueScaleCompliance : StorageTest
{
    [ComplianceFact]
    public async Task Ten_thousand_pending_runs_of_one_user_hide_nobody_elses()
    {
        var sample = await InsertRunAsync(1, createdAt: Clock.GetUtcNow().AddDays(-1));
        await Host.Database.WriteAsync(
            "INSERT INTO runs (id, user_id, name, input, status, position, step_count, next_server, awaiting_reason, due_at, "
            + "cancel_requested, fence, version, created_at, updated_at) "
            + "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
            + "SELECT '00000000-0000-7000-8000-' || CAST(100000000000 + n.i AS TEXT), 1, name, input, status, position, step_count, next_server, awaiting_reason, due_at + n.i, "
            + "0, 0, 0, created_at, updated_at FROM n CROSS JOIN runs WHERE runs.id = @Id;\n",
            new SqlArguments().With("Id", sample.Id.ToString()),
            None);
        var others = new List<UserId>();
        for (var user = 2; user <= 20; user++)
            others.Add((await InsertRunAsync(user)).User);
        await FindAsync();

        async Task FindAsync()
        {
            var ready = await Runs.FindReadyAsync(4, 64, [], None);
            Assert.Equal(23, ready.Runs.Count);
            Assert.Equal(others, ready.Runs.Skip(1).Take(19).Select(run => run.User).OrderBy(user => user.Value));
        }
    }
}

public sealed class SqliteFileQueueScaleTests : QueueScaleCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteFileBackend());
}

[NeedsPostgres]
public sealed class PostgresQueueScaleTests : QueueScaleCompliance
{
    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();
}
