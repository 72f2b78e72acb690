using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Executor.Sandbox;
using Executor.Sandbox.OAuth;

namespace Executor.Testing;

/// <summary>A user's calls to a node.</summary>
internal sealed class NodeClient(HttpClient http, long user)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly AuthenticationHeaderValue _bearer = new("Bearer", TestTokens.For(user));

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Authorization = _bearer;
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var response = await http.SendAsync(request);
        return new Answer(response.StatusCode, response.Headers.RetryAfter?.Delta, await response.Content.ReadAsStringAsync())
        {
            ContentType = response.Content.Headers.ContentType?.MediaType,
        };
    }

    public Task<Answer> DepositAsync(string server, MintedGrant grant, SandboxHost sandbox) => SendAsync(
        HttpMethod.Post,
        "/mcp-oauth-credentials",
        JsonContent.Create(new
        {
            mcpServerId = server,
            refreshToken = grant.RefreshToken,
            clientId = "sandbox-client",
            tokenEndpoint = sandbox.TokenEndpoint,
        }));

    public Task<Answer> ListToolsAsync(string server) => SendAsync(HttpMethod.Get, $"/list-mcp-tools?mcpServerId={server}");

    /// <param name="run">The body of <c>POST /runs</c>.</param>
    /// <param name="idempotencyKey">Makes a repeat safe.</param>
    public Task<Answer> StartRunAsync(string run, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, "/runs", new StringContent(run, Encoding.UTF8, "application/json"), idempotencyKey);

    public Task<Answer> GetRunAsync(string id) => SendAsync(HttpMethod.Get, $"/runs/{id}");

    /// <summary>How the answer to a request for a run's events begins: the stream may last, and is not read.</summary>
    public async Task<Answer> BeginWatchAsync(string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/runs/{id}/events");
        request.Headers.Authorization = _bearer;
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new Answer(response.StatusCode, null, response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync());
    }

    /// <param name="id">The run.</param>
    /// <param name="action"><c>retry</c> or <c>skip</c>.</param>
    public Task<Answer> TriggerAsync(string id, string action) =>
        SendAsync(HttpMethod.Post, $"/runs/{id}/trigger", JsonContent.Create(new { action }));

    /// <summary>The run, as soon as it has one of the statuses.</summary>
    public async Task<JsonElement> RunReachesAsync(string id, params string[] statuses)
    {
        JsonElement run = default;
        await Eventually.TrueAsync(
            async () =>
            {
                var answer = await GetRunAsync(id);
                if (answer.Status == HttpStatusCode.ServiceUnavailable)
                    return false; // a busy node's answer, to be asked again
                run = answer.Json;
                return statuses.Contains(run.GetProperty("status").GetString(), StringComparer.Ordinal);
            },
            Patience);
        return run;
    }

    /// <param name="RetryAfter">The header of that name.</param>
    internal readonly record struct Answer(HttpStatusCode Status, TimeSpan? RetryAfter, string Body)
    {
        public string? ContentType { get; init; }

        /// <summary>Of a problem.</summary>
        public string Type => Json.GetProperty("type").GetString()!;

        public JsonElement Json => JsonDocument.Parse(Body).RootElement;
    }
}
