using System.Net;
using System.Text.Json.Nodes;
using Executor.Identity;
using Executor.Runs;
using Executor.Tests.Http.Fakes;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Http;

public sealed class RunEndpointTests : IAsyncLifetime
{
    private FrontEnd _node = null!;

    public static TheoryData<string, string> Invalid() => new()
    {
        { "{}", "name: is required" },
        { "{}", "steps: is required" },
        { """{"name":"","steps":[]}""", "steps: must be a list of 1 to 100" },
        { """{"name":"r","steps":{}}""", "steps: must be a list" },
        { """{"name":"r","steps":[1]}""", "steps[0]: must be an object" },
        { """{"name":"r","extra":1,"steps":[]}""", "body: has a member that is not known, 'extra'" },
        { """{"name":"r","input":[],"steps":[]}""", "input: must be an object" },
        { """{"name":"r","input":null,"steps":[]}""", "input: must be an object" },
        { Step("\"id\":\"a b\""), "steps[0].id: must consist of letters" },
        { Step("\"id\":\"\""), "steps[0].id: must have 1 to 64" },
        { Step("\"type\":\"http\""), "steps[0].type: must be 'mcp'" },
        { Step("\"tool\":\"\""), "steps[0].tool: must have 1 to" },
        { Step("\"arguments\":[]"), "steps[0].arguments: must be an object" },
        { Step("\"timeoutSeconds\":0"), "steps[0].timeoutSeconds: must be an integer from 1 to 86400" },
        { Step("\"timeoutSeconds\":86401"), "steps[0].timeoutSeconds: must be" },
        { Step("\"timeoutSeconds\":1.5"), "steps[0].timeoutSeconds: must be" },
        { Step("\"timeoutSeconds\":\"5\""), "steps[0].timeoutSeconds: must be" },
        { Step("\"onUnknown\":\"skip\""), "steps[0].onUnknown: must be 'retry' or 'ask'" },
        { Step("\"onUnknown\":null"), "steps[0].onUnknown: must be" },
        { Step("\"timeoutSecond\":1"), "steps[0]: has a member that is not known, 'timeoutSecond'" },
        { Step("\"surprise\":1"), "steps[0]: has a member that is not known, 'surprise'" },
    };

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task New_run_is_created_for_the_caller()
    {
        using var response = await _node.PostAsync(
            "/runs",
            """{"name":"greet","input":{"a":[1,{"b":"ü"}]},"steps":[{"id":"find","type":"mcp","mcpServerId":"crm","tool":"search","arguments":{"q":"{{ input.a }}"},"timeoutSeconds":7,"onUnknown":"ask"},{"id":"note","type":"mcp","mcpServerId":"x/y","tool":"echo"}]}""");

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var (user, run, key) = Assert.Single(_node.Runs.Started);
        Assert.Equal(FrontEnd.User, user.Value);
        Assert.Null(key);
        Assert.Equal(("greet", """{"a":[1,{"b":"ü"}]}"""), (run.Name, run.Input));
        Assert.Equal(
            [
                new StepDefinition("find", McpServerId.From("crm"), "search", """{"q":"{{ input.a }}"}""", TimeSpan.FromSeconds(7), OnUnknown.Ask),
                new StepDefinition("note", McpServerId.From("x/y"), "echo", "{}", null, OnUnknown.ByAnnotations),
            ],
            run.Steps);
        var body = await response.JsonAsync();
        Assert.Equal("/runs/" + body.Text("id"), response.Headers.Location?.ToString());
        Assert.Equal(("pending", 0), (body.Text("status"), body.GetProperty("position").GetInt32()));
        Assert.Equal(["find", "note"], body.GetProperty("steps").EnumerateArray().Select(step => step.Text("id")));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task Invalid_run_is_refused_by_name(string body, string message)
    {
        using var response = await _node.PostAsync("/runs", body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(message, (await response.JsonAsync()).Text("error"), StringComparison.Ordinal);
        Assert.Empty(_node.Runs.Started);
    }

    [Fact]
    public async Task Steps_are_bounded_and_their_ids_differ()
    {
        var step = JsonNode.Parse(Step(""))!["steps"]![0]!;
        var run = new JsonObject { ["name"] = "r", ["steps"] = new JsonArray([.. Enumerable.Range(0, 101).Select(_ => step.DeepClone())]) };
        using var many = await _node.PostAsync("/runs", run.ToJsonString());
        run["steps"] = new JsonArray(step.DeepClone(), step.DeepClone());
        using var twins = await _node.PostAsync("/runs", run.ToJsonString());

        Assert.Contains("1 to 100", (await many.JsonAsync()).Text("error"), StringComparison.Ordinal);
        Assert.Contains("steps[1].id: is the id of an earlier step", (await twins.JsonAsync()).Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Idempotency_key_repeats_the_answer_for_the_same_body_and_refuses_another()
    {
        static void Key(HttpRequestMessage request) => request.Headers.Add("Idempotency-Key", "k-1");
        using var first = await _node.SendAsync(HttpMethod.Post, "/runs", Step(""), more: Key);
        using var again = await _node.SendAsync(
            HttpMethod.Post, "/runs", """ { "steps" : [{"tool":"t","mcpServerId":"crm","type":"mcp","id":"a"}], "name":"r" } """, more: Key);
        using var other = await _node.SendAsync(HttpMethod.Post, "/runs", Step("\"tool\":\"other\""), more: Key);

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Equal("urn:executor:problem:idempotency-key-reused", (await other.JsonAsync()).Text("type"));
        Assert.Single(_node.Runs.Started);
    }

    [Theory]
    [InlineData("Idempotency-Key: a\r\nIdempotency-Key: b")]
    [InlineData("Idempotency-Key: ")]
    [InlineData("Idempotency-Key: {long}")]
    public async Task Idempotency_key_is_one_short_text(string header)
    {
        var status = await RawHttp.StatusAsync(
            _node.Address,
            $"POST /runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TestTokens.For(42)}\r\nContent-Type: application/json\r\n"
            + $"{header.Replace("{long}", new string('k', 256), StringComparison.Ordinal)}\r\nContent-Length: {Step("").Length}\r\n\r\n{Step("")}");

        Assert.Equal(400, status);
        Assert.Empty(_node.Runs.Started);
    }

    [Fact]
    public async Task Parked_run_shows_what_it_waits_for()
    {
        var record = Put(run => run with
        {
            Status = RunStatus.AwaitingInput,
            Position = 1,
            AwaitingReason = AwaitingReason.NeedsOAuthReauth,
            AwaitedServer = McpServerId.From("crm"),
        });
        _node.Runs.Records[record.Run.Id] = record with
        {
            Steps =
            [
                record.Steps[0] with { Status = StepStatus.Succeeded, Result = """{"content":[], "structuredContent":{"n":1}}""" },
                record.Steps[1] with { Status = StepStatus.Executing },
                record.Steps[2] with { Status = StepStatus.Failed, Error = new StepError("mcp_forbidden", "No.", false) },
            ],
        };

        using var response = await _node.GetAsync($"/runs/{record.Run.Id}");

        var run = await response.JsonAsync();
        Assert.Equal(("awaiting-input", "needs-oauth-reauth"), (run.Text("status"), run.Text("awaitingInputReason")));
        Assert.Equal("crm", run.GetProperty("awaiting").Text("mcpServerId"));
        var steps = run.GetProperty("steps");
        Assert.Equal(["succeeded", "awaiting-input", "failed"], steps.EnumerateArray().Select(step => step.Text("status")));
        Assert.Equal("needs-oauth-reauth", steps[1].Text("awaitingInputReason"));
        Assert.Equal(1, steps[0].GetProperty("result").GetProperty("structuredContent").GetProperty("n").GetInt32());
        Assert.Equal(("mcp_forbidden", "No."), (steps[2].GetProperty("error").Text("code"), steps[2].GetProperty("error").Text("message")));
    }

    [Fact]
    public async Task Run_that_is_unknown_malformed_or_another_users_is_not_found()
    {
        var record = Put(run => run);
        foreach (var (id, token) in new[] { (Guid.NewGuid().ToString(), ""), ("nonsense", ""), (record.Run.Id.ToString(), TestTokens.For(7)) })
        {
            using var response = await _node.GetAsync($"/runs/{id}", token);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.Equal("Run not found or unavailable", (await response.JsonAsync()).Text("error"));
            using var events = await _node.GetAsync($"/runs/{id}/events", token);
            Assert.Equal(HttpStatusCode.NotFound, events.StatusCode);
        }
    }

    [Fact]
    public async Task List_is_paged_by_an_opaque_cursor()
    {
        for (var i = 0; i < 120; i++)
            Put(run => run, DateTimeOffset.UnixEpoch.AddDays(20_000 + i));
        var seen = new List<string?>();
        string? cursor = null;
        do
        {
            using var response = await _node.GetAsync("/runs" + (cursor is null ? "" : "?cursor=" + cursor));
            var page = await response.JsonAsync();
            Assert.DoesNotContain("\"steps\"", page.GetRawText(), StringComparison.Ordinal);
            seen.AddRange(page.GetProperty("runs").EnumerateArray().Select(run => run.Text("id")));
            cursor = page.Text("nextCursor");
        }
        while (cursor is not null);

        Assert.Equal(120, seen.Distinct().Count());
        Assert.Equal(120, seen.Count);
    }

    [Fact]
    public async Task List_filters_are_passed_on()
    {
        using var response = await _node.GetAsync("/runs?status=awaiting-input&mcpServerId=x%2Fy");

        Assert.Equal(new RunFilter(RunStatus.AwaitingInput, McpServerId.From("x/y")), _node.Runs.LastFilter);
    }

    [Theory]
    [InlineData("status=AwaitingInput")]
    [InlineData("status=")]
    [InlineData("status=failed&status=running")]
    [InlineData("mcpServerId=")]
    [InlineData("cursor=xyz")]
    [InlineData("cursor=!!!!!!!!!!!!!!!!!!!!!!")]
    public async Task List_filter_that_is_not_known_is_refused(string query)
    {
        using var response = await _node.GetAsync("/runs?" + query);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Null(_node.Runs.LastFilter);
    }

    [Theory]
    [InlineData(TriggerOutcome.Triggered, 200, null)]
    [InlineData(TriggerOutcome.AlreadyRunning, 400, "This step is already running.")]
    [InlineData(TriggerOutcome.Unknown, 404, "Run not found or unavailable")]
    [InlineData(TriggerOutcome.Finished, 409, "The run has ended")]
    [InlineData(TriggerOutcome.ActionRequired, 409, null)]
    [InlineData(TriggerOutcome.ActionNotAllowed, 409, null)]
    public async Task Trigger_answers_what_became_of_it(TriggerOutcome outcome, int status, string? error)
    {
        _node.Runs.OnTrigger = outcome;

        using var response = await _node.PostAsync($"/runs/{Guid.NewGuid()}/trigger", null);

        Assert.Equal(status, (int)response.StatusCode);
        var body = await response.JsonAsync();
        if (status == 200)
            Assert.Equal("""{"triggered":true}""", body.GetRawText());
        else if (error is not null)
            Assert.Equal(error, body.Text("error"));
        Assert.Null(Assert.Single(_node.Runs.Actions));
    }

    [Theory]
    [InlineData("""{"action":"retry"}""", TriggerAction.Retry)]
    [InlineData("""{"action":"skip"}""", TriggerAction.Skip)]
    [InlineData("{}", null)]
    public async Task Trigger_takes_an_action(string body, TriggerAction? action)
    {
        using var response = await _node.PostAsync($"/runs/{Guid.NewGuid()}/trigger", body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(action, Assert.Single(_node.Runs.Actions));
    }

    [Theory]
    [InlineData(CancelOutcome.Cancelled, 200)]
    [InlineData(CancelOutcome.Requested, 202)]
    [InlineData(CancelOutcome.Unknown, 404)]
    [InlineData(CancelOutcome.Finished, 409)]
    public async Task Cancel_answers_what_became_of_it(CancelOutcome outcome, int status)
    {
        _node.Runs.OnCancel = outcome;

        using var response = await _node.PostAsync($"/runs/{Guid.NewGuid()}/cancel", null);

        Assert.Equal(status, (int)response.StatusCode);
    }

    private static string Step(string replacement)
    {
        var step = new JsonObject { ["id"] = "a", ["type"] = "mcp", ["mcpServerId"] = "crm", ["tool"] = "t" };
        foreach (var (name, value) in JsonNode.Parse("{" + replacement + "}")!.AsObject())
            step[name] = value?.DeepClone();
        return new JsonObject { ["name"] = "r", ["steps"] = new JsonArray(step) }.ToJsonString();
    }

    private RunRecord Put(Func<RunRow, RunRow> change, DateTimeOffset? at = null)
    {
        var steps = "abc".Select(id => new StepDefinition($"{id}", McpServerId.From("crm"), "t", "{}", null, OnUnknown.ByAnnotations));
        var record = FakeRuns.Make(UserId.From(FrontEnd.User), "r", RunStatus.Running, [.. steps], at);
        record = record with { Run = change(record.Run) };
        _node.Runs.Records[record.Run.Id] = record;
        return record;
    }
}
