using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Executor.Demo;

/// <summary>A client of the node's HTTP surface, signed in as one user.</summary>
internal sealed class DemoUser(HttpClient http, string jwt, Uri tokenEndpoint)
{
    public string Jwt => jwt;

    public async Task<string> StartRunAsync(string customer, CancellationToken cancellationToken)
    {
        var run = await PostAsync(
            "/runs",
            new
            {
                name = "greet",
                input = new { customer },
                steps = new object[]
                {
                    new
                    {
                        id = "find",
                        type = "mcp",
                        mcpServerId = DemoWorld.Server,
                        tool = "search",
                        arguments = new { query = "{{ input.customer }}" },
                    },
                    new
                    {
                        id = "note",
                        type = "mcp",
                        mcpServerId = DemoWorld.Server,
                        tool = "echo",
                        arguments = new { text = "{{ input.customer }}: {{ steps.find.structuredContent.items[0].name }}" },
                    },
                },
            },
            cancellationToken);
        return run!["id"]!.GetValue<string>();
    }

    public Task DepositAsync(string refreshToken, CancellationToken cancellationToken) => PostAsync(
        "/mcp-oauth-credentials",
        new { mcpServerId = DemoWorld.Server, refreshToken, clientId = "sandbox-client", tokenEndpoint },
        cancellationToken);

    /// <summary>Follows the run's events until one fits.</summary>
    public async Task<RunSnapshot> WatchUntilAsync(
        string run, Func<RunSnapshot, bool> fits, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            using var request = Authorized(HttpMethod.Get, $"/runs/{run}/events");
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            response.EnsureSuccessStatusCode();
            await using var stream = await response.Content.ReadAsStreamAsync(limit.Token);
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(limit.Token))
            {
                var snapshot = RunSnapshot.Parse(item.Data);
                if (fits(snapshot))
                    return snapshot;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ScenarioFailedException($"Run {run} did not come to what was awaited within {patience.TotalSeconds:0} s.");
        }

        throw new ScenarioFailedException($"The events of run {run} ended before what was awaited.");
    }

    private async Task<JsonNode?> PostAsync(string path, object body, CancellationToken cancellationToken)
    {
        using var request = Authorized(HttpMethod.Post, path);
        request.Content = JsonContent.Create(body);
        using var response = await http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new ScenarioFailedException($"POST {path} was answered {(int)response.StatusCode}.");
        return await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
    }

    private HttpRequestMessage Authorized(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", jwt);
        return request;
    }
}

internal sealed record RunSnapshot(string Status, string? AwaitingInputReason, string? LastText)
{
    public static RunSnapshot Parse(string json)
    {
        using var run = JsonDocument.Parse(json);
        var root = run.RootElement;
        var last = root.GetProperty("steps").EnumerateArray().Last();
        var text = last.TryGetProperty("result", out var result) ? result.GetProperty("content")[0].GetProperty("text").GetString() : null;
        return new RunSnapshot(
            root.GetProperty("status").GetString()!,
            root.TryGetProperty("awaitingInputReason", out var reason) ? reason.GetString() : null,
            text);
    }
}
