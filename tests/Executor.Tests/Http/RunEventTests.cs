using System.Text.Json;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Servers;
using Executor.Tests.Http.Fakes;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Http;

public sealed class RunEventTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private FrontEnd _node = null!;
    private RunRecord _run = null!;

    public async Task InitializeAsync()
    {
        _node = await FrontEnd.StartAsync(_time);
        var step = new StepDefinition("a", McpServerId.From("crm"), "t", "{}", null, OnUnknown.ByAnnotations);
        _run = FakeRuns.Make(UserId.From(FrontEnd.User), "r", RunStatus.Running, [step]);
        _node.Runs.Records[_run.Run.Id] = _run;
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Snapshots_are_streamed_until_the_run_has_ended()
    {
        using var response = await WatchAsync("999");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(("1", "running"), await EventAsync(reader));
        var pretty = "{\n  \"content\": [],\r\n  \"text\": \"line\u2028separator\"\n}";
        var done = _run with
        {
            Run = _run.Run with { Status = RunStatus.Succeeded, Version = 5 },
            Steps = [_run.Steps[0] with { Status = StepStatus.Succeeded, Result = pretty }],
        };
        _node.Runs.Snapshots.Writer.TryWrite(done);
        Assert.Equal(("5", "succeeded"), await EventAsync(reader));
        _node.Runs.Snapshots.Writer.Complete();
        Assert.Null(await reader.ReadLineAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task Silence_is_broken_by_comments()
    {
        using var response = await WatchAsync(null);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        await EventAsync(reader);

        for (var i = 0; i < 2; i++)
        {
            await WaitForTimerAsync();
            _time.Advance(TimeSpan.FromSeconds(15));
            Assert.StartsWith(":", await reader.ReadLineAsync().WaitAsync(Patience), StringComparison.Ordinal);
            Assert.Equal("", await reader.ReadLineAsync().WaitAsync(Patience));
        }
    }

    [Fact]
    public async Task Progress_of_the_step_under_way_is_told_at_a_readers_pace_and_ends_with_the_call()
    {
        _node.Progress.Report(_run.Run.Id, new StepProgress("a", new McpProgress(1, 4, "one\ntwo")));
        using var response = await WatchAsync(null);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        await EventAsync(reader);

        Assert.Equal("""{"stepId":"a","progress":1,"total":4,"message":"one\ntwo"}""", await ProgressAsync(reader));
        for (var i = 2; i <= 4; i++)
            _node.Progress.Report(_run.Run.Id, new StepProgress("a", new McpProgress(i, null, null)));
        await WaitForTimerAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("""{"stepId":"a","progress":4}""", await ProgressAsync(reader));

        _node.Progress.End(_run.Run.Id);
        using var late = await WatchAsync(null);
        using var lateReader = new StreamReader(await late.Content.ReadAsStreamAsync());
        await EventAsync(lateReader);
        _node.Runs.Snapshots.Writer.Complete();
        Assert.Null(await lateReader.ReadLineAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task Stream_ends_when_the_node_drains()
    {
        using var response = await WatchAsync(null);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        await EventAsync(reader);

        _node.Node.MoveTo(NodePhase.Draining);

        Assert.Null(await reader.ReadLineAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task Stream_asked_for_while_the_node_drains_is_refused_for_now()
    {
        _node.Node.MoveTo(NodePhase.Draining);

        using var response = await WatchAsync(null);

        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal("urn:executor:problem:shutting-down", (await response.JsonAsync()).Text("type"));
    }

    [Theory]
    [InlineData(RunStatus.Succeeded)]
    [InlineData(RunStatus.Failed)]
    [InlineData(RunStatus.Cancelled)]
    public async Task Client_that_has_seen_the_end_is_told_to_stop_by_any_node(RunStatus status)
    {
        _node.Runs.Records[_run.Run.Id] = _run with { Run = _run.Run with { Status = status, Version = 7 } };
        _node.Runs.Snapshots.Writer.Complete();
        using (var fresh = await WatchAsync(null))
        {
            using var reader = new StreamReader(await fresh.Content.ReadAsStreamAsync());
            Assert.Equal("7", (await EventAsync(reader)).Id);
            Assert.Null(await reader.ReadLineAsync().WaitAsync(Patience));
        }

        await using var another = await FrontEnd.StartAsync(_time);
        another.Runs.Records[_run.Run.Id] = _node.Runs.Records[_run.Run.Id];
        foreach (var node in new[] { _node, another })
        {
            using var again = await WatchAsync("7", node);
            Assert.Equal(System.Net.HttpStatusCode.NoContent, again.StatusCode);
            Assert.Equal("", await again.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData("6")]
    [InlineData("8")]
    [InlineData("07")]
    [InlineData("7,7")]
    [InlineData("x")]
    public async Task Client_that_has_not_seen_the_end_gets_it(string lastEventId)
    {
        _node.Runs.Records[_run.Run.Id] = _run with { Run = _run.Run with { Status = RunStatus.Succeeded, Version = 7 } };
        using var response = await WatchAsync(lastEventId);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        Assert.Equal(("7", "succeeded"), await EventAsync(reader));
    }

    [Fact]
    public async Task Client_that_has_seen_all_of_a_run_that_goes_on_keeps_watching()
    {
        using var response = await WatchAsync("1");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        Assert.Equal(("1", "running"), await EventAsync(reader));
    }

    private Task<HttpResponseMessage> WatchAsync(string? lastEventId, FrontEnd node) => node.SendAsync(
        HttpMethod.Get, $"/runs/{_run.Run.Id}/events", more: request => request.Headers.Add("Last-Event-ID", lastEventId));

    private Task<HttpResponseMessage> WatchAsync(string? lastEventId) => _node.SendAsync(
        HttpMethod.Get, $"/runs/{_run.Run.Id}/events", more: request =>
        {
            if (lastEventId is not null)
                request.Headers.Add("Last-Event-ID", lastEventId);
        });

    private static async Task<(string Id, string? Status)> EventAsync(StreamReader reader)
    {
        var id = await reader.ReadLineAsync().WaitAsync(Patience);
        Assert.StartsWith("id: ", id, StringComparison.Ordinal);
        Assert.Equal("event: run", await reader.ReadLineAsync().WaitAsync(Patience));
        var data = await reader.ReadLineAsync().WaitAsync(Patience);
        Assert.Equal("", await reader.ReadLineAsync().WaitAsync(Patience));
        return (id![4..], JsonDocument.Parse(data!["data: ".Length..]).RootElement.Text("status"));
    }

    private static async Task<string> ProgressAsync(StreamReader reader)
    {
        Assert.Equal("event: progress", await reader.ReadLineAsync().WaitAsync(Patience));
        var data = await reader.ReadLineAsync().WaitAsync(Patience);
        Assert.Equal("", await reader.ReadLineAsync().WaitAsync(Patience));
        return data!["data: ".Length..];
    }

    private async Task WaitForTimerAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        while (_time.ArmedTimers == 0)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
