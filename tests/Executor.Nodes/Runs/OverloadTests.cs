using System.Collections.Concurrent;
using System.Net;
using Executor.Sandbox.OAuth;
using Npgsql;

namespace Executor.Nodes.Runs;

public sealed class OverloadTests
{
    private const int Callers = 2_500;

    [PostgresFact]
    public async Task More_than_a_node_takes_is_told_to_come_back_and_what_is_taken_is_kept()
    {
        await using var cluster = await Cluster.StartAsync(1);
        var node = cluster.Nodes[0].As(1);
        await node.DepositAsync("strict", cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict), cluster.Sandbox);

        // The table is locked until somebody has been turned away: until then nothing that waits can make room.
        await using var connection = await cluster.ConnectAsync();
        await using var locked = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE", connection, locked))
            await command.ExecuteNonQueryAsync();
        var overloaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var refusals = new ConcurrentBag<NodeClient.Answer>();
        var starting = Task.WhenAll(Enumerable.Range(0, Callers).Select(StartAsync));
        await await Task.WhenAny(overloaded.Task, starting).WaitAsync(TimeSpan.FromSeconds(60));
        await locked.RollbackAsync();
        var started = await starting.WaitAsync(TimeSpan.FromSeconds(120));

        Assert.Equal(Callers, started.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Callers, await cluster.CountRunsAsync());
        await cluster.UntilRunsAsync("status = 'succeeded'", Callers);
        Assert.Contains(refusals, refusal => refusal.Type == "urn:executor:problem:overloaded");
        Assert.All(refusals, refusal =>
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (refusal.Status, refusal.ContentType));
            Assert.True(refusal.RetryAfter > TimeSpan.Zero);
            Assert.True(refusal.Type is "urn:executor:problem:overloaded" or "urn:executor:problem:store-unavailable", refusal.Body);
        });

        async Task<string> StartAsync(int caller)
        {
            while (true)
            {
                var answer = await node.StartRunAsync(Run.Of(new Run.Step("echo")), $"key-{caller}");
                if (answer.Status is HttpStatusCode.Created or HttpStatusCode.OK)
                    return answer.Json.GetProperty("id").GetString()!;
                refusals.Add(answer);
                if (answer.Type == "urn:executor:problem:overloaded")
                    overloaded.TrySetResult();
                await Task.Delay(answer.RetryAfter ?? TimeSpan.Zero);
            }
        }
    }
}
