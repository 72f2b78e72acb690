using System.Net;
using System.Text.Json;

namespace Executor.Soak;

/// <summary>One user with one credential, who does one thing after the other.</summary>
internal sealed class User(int id, int seed, Cluster cluster, NodeEvents nodes, Grants grants, Ledger ledger)
{
    /// <summary>Another node may still go by what it saw before a deposit; afterwards its answer counts.</summary>
    private static readonly TimeSpan News = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    private readonly string _server = (id % 3) switch { 0 => "grace", 1 => "strict", _ => "no-rotation" };
    private readonly Random _random = new(HashCode.Combine(id, seed));
    private readonly PatientClient _client = new(() => nodes.InService, id, seed + id);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);

    /// <summary>The grant of the credential that was acknowledged last; null after its deletion.</summary>
    private string? _grant;

    public async Task WorkAsync(CancellationToken over)
    {
        await TryAsync(DepositAsync);
        while (!over.IsCancellationRequested)
        {
            await TryAsync(NextAsync);
            await Task.Delay(Breath * (1 + _random.NextDouble()), CancellationToken.None);
        }
    }

    /// <summary>Sees to it that every run ends.</summary>
    public async Task SettleAsync(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        while (_open.Count > 0 && !deadline.IsCancellationRequested)
        {
            await TryAsync(LookAfterRunsAsync);
            await Task.Delay(Breath, CancellationToken.None);
        }
    }

    private Task NextAsync() => _random.Next(400) switch
    {
        < 140 => StartAsync(),
        < 280 => ListAsync(),
        < 398 => LookAfterRunsAsync(),
        398 => DeleteAsync(),
        _ => DepositAsync(),
    };

    private async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception wrong)
        {
            ledger.Violated($"user {id}: {wrong.GetType().Name} {wrong.Message}");
        }
    }

    private async Task StartAsync()
    {
        if (_open.Count > 20)
            return;
        var effect = new { id = "effect", type = "mcp", mcpServerId = _server, tool = "create", onUnknown = _random.Next(2) == 0 ? "retry" : "ask" };
        var look = new { id = "look", type = "mcp", mcpServerId = _server, tool = "echo", arguments = new { text = "{{ input.name }}" } };
        var body = JsonSerializer.Serialize(new { name = "soak", input = new { name = "n" }, steps = new object[] { effect, look } });
        var key = $"{id}-{_random.NextInt64()}";
        var answer = await _client.SendAsync(node => node.StartRunAsync(body, key));
        if (!Expected("start a run", answer, HttpStatusCode.Created, HttpStatusCode.OK))
            return;
        var run = answer.Json.GetProperty("id").GetString()!;
        ledger.Count("acknowledged runs");
        ledger.Runs[run] = id;
        _open.Add(run);
    }

    private async Task ListAsync()
    {
        var answer = await ListOnceAsync();
        if (answer is { Status: HttpStatusCode.Conflict })
            await SentToConnectAsync();
    }

    private async Task<NodeClient.Answer?> ListOnceAsync()
    {
        try
        {
            var answer = await _client.SendAsync(node => node.ListToolsAsync(_server));
            ledger.Count("listings");
            return Expected("list", answer, HttpStatusCode.OK, HttpStatusCode.Conflict) ? answer : null;
        }
        catch (TimeoutException)
        {
            // A strict provider's token in doubt is asked for again after its deadline: longer than this caller waits.
            ledger.Count("listings given up");
            return null;
        }
    }

    /// <summary>The system says that the user has to connect: with good reason?</summary>
    private async Task SentToConnectAsync()
    {
        var excuse = _grant is null ? "deleted" : grants.Excuse(_grant);
        if (excuse is null)
        {
            await Task.Delay(News);
            if (await ListOnceAsync() is { Status: HttpStatusCode.Conflict } answer && grants.Excuse(_grant!) is null)
                ledger.Violated($"user {id} was sent to connect to {_server} again without need (grant {_grant}): {answer.Body}");
            else
                ledger.Count("stale requests to connect");
        }

        ledger.Count($"reconnected ({excuse ?? "stale"})");
        await DepositAsync();
    }

    private async Task DepositAsync()
    {
        var grant = grants.Mint(_server);
        var answer = await _client.SendAsync(node => node.DepositAsync(_server, grant, cluster.Sandbox));
        if (!Expected("deposit", answer, HttpStatusCode.OK))
            return;
        ledger.Count("deposits");
        _grant = grant.GrantId;
    }

    private async Task DeleteAsync()
    {
        var answer = await _client.SendAsync(node => node.SendAsync(HttpMethod.Delete, $"/mcp-oauth-credentials/{_server}"));
        if (!Expected("delete", answer, HttpStatusCode.NoContent))
            return;
        ledger.Count("deletes");
        _grant = null;
    }

    private async Task LookAfterRunsAsync()
    {
        foreach (var run in _open.ToList())
        {
            var answer = await _client.SendAsync(node => node.GetRunAsync(run));
            if (!Expected($"read run {run}", answer, HttpStatusCode.OK))
                continue;
            var (status, reason) = (answer.Json.GetProperty("status").GetString(), Reason(answer.Json));
            if (status == "failed")
                Failed(run, answer.Json);
            if (status is "succeeded" or "failed" or "cancelled")
                _open.Remove(run);
            else if (reason == "interrupted")
                await DecideAsync(run);
            else if (reason == "needs-oauth-reauth")
                await ListAsync();
        }
    }

    private async Task DecideAsync(string run)
    {
        var action = _random.Next(2) == 0 ? "retry" : "skip";
        if (action == "retry")
            ledger.Retrying(run);
        ledger.Count($"interrupted ({action})");

        // Said twice, the second comes too late.
        var answer = await _client.SendAsync(node => node.TriggerAsync(run, action));
        Expected("trigger", answer, HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.Conflict);
    }

    /// <summary>Only what the MCP server did may fail a run.</summary>
    private void Failed(string run, JsonElement body)
    {
        var codes = body.GetProperty("steps").EnumerateArray()
            .Where(step => step.TryGetProperty("error", out _))
            .Select(step => step.GetProperty("error").GetProperty("code").GetString()!)
            .ToList();
        if (codes.Count == 0 || !codes.TrueForAll(code => code.StartsWith("mcp_", StringComparison.Ordinal)))
            ledger.Violated($"run {run} failed: {string.Join(' ', codes)}");
    }

    private static string? Reason(JsonElement run) => run.TryGetProperty("awaitingInputReason", out var reason) ? reason.GetString() : null;

    private bool Expected(string what, NodeClient.Answer answer, params HttpStatusCode[] statuses)
    {
        if (statuses.Contains(answer.Status))
            return true;
        ledger.Violated($"user {id}, {what}: {(int)answer.Status} {answer.Body}");
        return false;
    }
}
