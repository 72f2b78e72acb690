using System.Text.Json;
using System.Text.Json.Nodes;
using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Tests.Http.Fakes;

namespace Executor.Tests.Http;

/// <summary>What <c>GET /runs/{id}</c> says of what a run does, and of what it waits for.</summary>
public sealed class RunWaitTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly (string Schema, string Members)[] Described =
    [
        ("RunBody", "status waitsFor finishedAt"),
        ("StepBody", "mcpServerId tool arguments attempts startedAt finishedAt"),
        ("WaitBody", "reason since until mcpServerId blockedReason interruption"),
        ("InterruptionBody", "step mcpServerId tool since why"),
    ];

    private FrontEnd _node = null!;

    public static TheoryData<string, Func<RunRow, RunRow>, Func<StepRow, StepRow>, string?> Waits() => new()
    {
        {
            "parked",
            run => run with { Status = RunStatus.AwaitingInput, AwaitingReason = AwaitingReason.NeedsOAuthReauth, AwaitedServer = McpServerId.From("crm") },
            step => step,
            """{"reason":"needs-oauth-reauth","since":"2026-01-02T03:04:05+00:00","mcpServerId":"crm"}"""
        },
        {
            "interrupted",
            run => run with { Status = RunStatus.AwaitingInput, AwaitingReason = AwaitingReason.Interrupted },
            step => step with { Status = StepStatus.Executing, Interruption = Interruption.TimedOut },
            Interrupted("interrupted", "\"why\":\"timeout\"")
        },
        {
            "interrupted, written by an older version",
            run => run with { Status = RunStatus.AwaitingInput, AwaitingReason = AwaitingReason.Interrupted },
            step => step with { Status = StepStatus.Executing, StartedAt = null },
            """{"reason":"interrupted","since":"2026-01-02T03:04:05+00:00","mcpServerId":"crm","interruption":{"step":"a","mcpServerId":"crm","tool":"charge"}}"""
        },
        {
            "its node died",
            run => run with { Status = RunStatus.Pending },
            step => step with { Status = StepStatus.Executing },
            Interrupted("turn", "\"why\":\"node-died\"")
        },
        {
            "the server stays away",
            run => run with { Status = RunStatus.Pending, BlockedSince = Now, NotBefore = Now.AddSeconds(9), UpdatedAt = Now.AddSeconds(5) },
            step => step with { Status = StepStatus.Executing, Interruption = Interruption.ConnectionLost },
            Interrupted("blocked", "\"why\":\"connection\"", "\"until\":\"2026-01-02T03:04:14+00:00\",")
        },
        {
            "the credential backs off",
            run => run with { Status = RunStatus.Pending, BlockedSince = Now.AddHours(-1), BlockedReason = BlockedReason.RateLimited, NotBefore = Now.AddSeconds(9) },
            step => step,
            """{"reason":"blocked","blockedReason":"rate-limited","since":"2026-01-02T02:04:05+00:00","mcpServerId":"crm","until":"2026-01-02T03:04:14+00:00"}"""
        },
        {
            "repeated after a pause",
            run => run with { Status = RunStatus.Pending, NotBefore = Now.AddSeconds(9) },
            step => step with { Interruption = Interruption.UnreadableAnswer },
            Interrupted("repetition", "\"why\":\"unreadable-answer\"", "\"until\":\"2026-01-02T03:04:14+00:00\",")
        },
        { "queued", run => run with { Status = RunStatus.Pending }, step => step, """{"reason":"turn","since":"2026-01-02T03:04:05+00:00","mcpServerId":"crm"}""" },
        { "running", run => run with { Status = RunStatus.Running, Owner = new NodeRef("n", 1) }, step => step with { Status = StepStatus.Executing }, null },
        { "failed", run => run with { Status = RunStatus.Failed }, step => step with { Status = StepStatus.Failed, Interruption = Interruption.TimedOut }, null },
        { "over", run => run with { Status = RunStatus.Succeeded, Position = 1 }, step => step with { Status = StepStatus.Succeeded }, null },
    };

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Theory]
    [MemberData(nameof(Waits))]
    public async Task Run_says_what_it_waits_for_and_since_when(string what, Func<RunRow, RunRow> run, Func<StepRow, StepRow> step, string? expected)
    {
        var body = await ReadAsync(run, step);

        Assert.True(
            expected is null ? !body.TryGetProperty("waitsFor", out var none) : JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(body.GetProperty("waitsFor").GetRawText())),
            $"{what}: {body}");
    }

    [Fact]
    public async Task Step_says_what_it_does_and_when()
    {
        var body = await ReadAsync(
            run => run with { Status = RunStatus.Succeeded, Position = 1, FinishedAt = Now.AddSeconds(2) },
            step => step with { Status = StepStatus.Succeeded, FinishedAt = Now.AddSeconds(1), Result = """{"content":[]}""" });

        Assert.True(
            JsonNode.DeepEquals(
                JsonNode.Parse("""
                    {"id":"a","status":"succeeded","mcpServerId":"crm","tool":"charge","arguments":{"amount":"{{ input.amount }}"},"attempts":2,
                    "startedAt":"2026-01-02T03:03:05+00:00","finishedAt":"2026-01-02T03:04:06+00:00","result":{"content":[]}}
                    """),
                JsonNode.Parse(body.GetProperty("steps")[0].GetRawText())),
            body.GetRawText());
        Assert.Equal("2026-01-02T03:04:07+00:00", body.Text("finishedAt"));
    }

    [Fact]
    public async Task List_stays_small()
    {
        await ReadAsync(run => run with { Status = RunStatus.Pending }, step => step);
        using var response = await _node.GetAsync("/runs");
        var run = (await response.JsonAsync()).GetProperty("runs")[0];

        Assert.False(run.TryGetProperty("steps", out _) || run.TryGetProperty("waitsFor", out _));
    }

    [Fact]
    public async Task Api_description_has_what_a_run_says()
    {
        using var response = await _node.GetAsync("/openapi/v1.json", token: null);
        var schemas = (await response.JsonAsync()).GetProperty("components").GetProperty("schemas");

        foreach (var (schema, members) in Described)
        {
            foreach (var member in members.Split(' '))
                Assert.True(schemas.GetProperty(schema).GetProperty("properties").TryGetProperty(member, out _), $"{schema}.{member}");
        }
    }

    private static string Interrupted(string reason, string why, string until = "") =>
        $$$"""{"reason":"{{{reason}}}","since":"2026-01-02T03:04:05+00:00",{{{until}}}"mcpServerId":"crm","interruption":{"step":"a","mcpServerId":"crm","tool":"charge","since":"2026-01-02T03:03:05+00:00",{{{why}}}}}""";

    private async Task<JsonElement> ReadAsync(Func<RunRow, RunRow> run, Func<StepRow, StepRow> step)
    {
        var definition = new StepDefinition("a", McpServerId.From("crm"), "charge", """{"amount":"{{ input.amount }}"}""", null, OnUnknown.ByAnnotations);
        var record = FakeRuns.Make(UserId.From(FrontEnd.User), "r", RunStatus.Pending, [definition]);
        record = new RunRecord(
            run(record.Run with { CreatedAt = Now, UpdatedAt = Now }), [step(record.Steps[0] with { Attempts = 2, StartedAt = Now.AddMinutes(-1) })]);
        _node.Runs.Records[record.Run.Id] = record;
        using var response = await _node.GetAsync($"/runs/{record.Run.Id}");
        return await response.JsonAsync();
    }
}
