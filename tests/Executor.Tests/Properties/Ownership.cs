using System.Net;
using Executor.Sandbox;
using Executor.Sandbox.OAuth;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Properties;

/// <summary>
/// A model of who owns what, beside a real node: after each request, what was answered, what became of every run, and whose token
/// reached the MCP server must be what the model says.
/// </summary>
/// <param name="firstUser">Of a few that no other sequence has.</param>
internal sealed class Ownership(LiveNode node, SandboxHost sandbox, long firstUser)
{
    public const int Users = 3;
    public static readonly string[] Servers = ["crm", "docs"];

    private const string UnknownRun = "01890a5d-ac96-774b-bcce-b302099a8057";

    private readonly HashSet<(long User, string Server)> _connected = [];
    private readonly List<Run> _runs = [];

    public enum Act
    {
        Deposit,
        Delete,
        ListTools,
        Start,
        StartAgain,
        List,
        Read,
        Watch,
        Trigger,
        Cancel,
    }

    public async Task CheckAsync(IReadOnlyList<Step> steps)
    {
        foreach (var step in steps)
        {
            var user = firstUser + step.Who;
            var before = sandbox.Mcp.Journal.Position;
            await ActAsync(step, node.As(user), user);
            await SettleAsync();
            Assert.All(
                sandbox.Mcp.Journal.Read(before), request => Assert.True(request.User == Name(user), $"{step} used the token of {request.User}"));
        }
    }

    private static string Name(long user) => $"user-{user}";

    private async Task ActAsync(Step step, NodeClient caller, long user)
    {
        var server = Servers[step.What % Servers.Length];
        var run = step.What < _runs.Count ? _runs[step.What] : null;
        switch (step.Act)
        {
            case Act.Deposit:
                var grant = sandbox.OAuth.Mint(new MintGrant { User = Name(user) });
                Expect(await caller.DepositAsync(server, grant, sandbox), HttpStatusCode.OK);
                _connected.Add((user, server));
                break;
            case Act.Delete:
                Expect(await caller.SendAsync(HttpMethod.Delete, $"/mcp-oauth-credentials/{server}"), HttpStatusCode.NoContent);
                _connected.Remove((user, server));
                break;
            case Act.ListTools:
                Expect(await caller.ListToolsAsync(server), _connected.Contains((user, server)) ? HttpStatusCode.OK : HttpStatusCode.Conflict);
                break;
            case Act.Start:
                await StartAsync(caller, user, server, key: null);
                break;
            case Act.StartAgain:
                await StartAsync(caller, user, server, $"key-{firstUser}");
                break;
            case Act.List:
                var listed = (await caller.SendAsync(HttpMethod.Get, "/runs")).Json.GetProperty("runs").EnumerateArray().Select(item => item.GetProperty("id").GetString()!);
                Assert.Equal(_runs.Where(other => other.User == user).Select(other => other.Id).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
                break;
            default:
                await MeetAsync(step.Act, caller, user, run);
                break;
        }
    }

    /// <summary>All users use the same key: it is each one's own.</summary>
    private async Task StartAsync(NodeClient caller, long user, string server, string? key)
    {
        var earlier = key is null ? null : _runs.Find(run => run.User == user && run.Key == key);
        var answer = await caller.StartRunAsync(
            $$$"""{"name":"{{{Name(user)}}}","steps":[{"id":"s","type":"mcp","mcpServerId":"{{{server}}}","tool":"echo","arguments":{"text":"{{{Name(user)}}}"}}]}""", key);
        Expect(answer, earlier is null ? HttpStatusCode.Created : earlier.Server == server ? HttpStatusCode.OK : HttpStatusCode.UnprocessableEntity);
        if (earlier is null)
            _runs.Add(new Run(answer.Json.GetProperty("id").GetString()!, user, server, key));
        else if (earlier.Server == server)
            Assert.Equal(earlier.Id, answer.Json.GetProperty("id").GetString());
    }

    private static async Task MeetAsync(Act act, NodeClient caller, long user, Run? run)
    {
        var id = run?.Id ?? UnknownRun;
        var path = $"/runs/{id}";
        var own = run?.User == user;
        var answer = await (act switch
        {
            Act.Read => caller.SendAsync(HttpMethod.Get, path),
            Act.Watch => caller.BeginWatchAsync(id),
            Act.Trigger => caller.SendAsync(HttpMethod.Post, $"{path}/trigger"),
            _ => caller.SendAsync(HttpMethod.Post, $"{path}/cancel"),
        });
        if (!own)
        {
            Expect(answer, HttpStatusCode.NotFound);
            Assert.Contains("run-unknown", answer.Body, StringComparison.Ordinal);
            return;
        }

        Assert.NotEqual(HttpStatusCode.NotFound, answer.Status);
        if (act == Act.Cancel && !run!.IsOver)
            run.Status = "cancelled";
    }

    /// <summary>Every run of everybody, seen by its owner, comes to rest where the model has it.</summary>
    private async Task SettleAsync()
    {
        foreach (var run in _runs)
        {
            if (!run.IsOver)
                run.Status = _connected.Contains((run.User, run.Server)) ? "succeeded" : "awaiting-input";
            var seen = await node.As(run.User).RunReachesAsync(run.Id, "succeeded", "awaiting-input", "failed", "cancelled");
            Assert.Equal(run.Status, seen.GetProperty("status").GetString());
            if (run.Status == "succeeded")
                Assert.Contains(Name(run.User), seen.GetProperty("steps")[0].GetProperty("result").GetRawText(), StringComparison.Ordinal);
        }
    }

    private static void Expect(NodeClient.Answer answer, HttpStatusCode status) => Assert.True(answer.Status == status, $"{answer.Status} {answer.Body}");

    /// <param name="Who">Which of the users.</param>
    /// <param name="What">Which of the servers, or of all users' runs so far, or one beyond them.</param>
    internal readonly record struct Step(Act Act, int Who, int What);

    private sealed record Run(string Id, long User, string Server, string? Key)
    {
        public string Status { get; set; } = "";

        public bool IsOver => Status is "succeeded" or "cancelled";
    }
}
