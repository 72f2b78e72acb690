using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Executor.Sandbox;

namespace Executor.Tests.Sandbox;

/// <summary>A plain HTTP client of the sandbox's token endpoint.</summary>
internal sealed class TokenClient(SandboxHost sandbox) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public async Task<TokenAnswer> RefreshAsync(string refreshToken, string? basic = null, CancellationToken cancellationToken = default)
    {
        using var response = await SendAsync(refreshToken, basic, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        using var json = JsonDocument.Parse(body);
        return new TokenAnswer(
            (int)response.StatusCode, Text(json, "access_token"), Text(json, "refresh_token"), Text(json, "error"), json.RootElement.Clone());
    }

    public async Task<HttpResponseMessage> SendAsync(string refreshToken, string? basic = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, sandbox.TokenEndpoint);
        var form = new Dictionary<string, string>(StringComparer.Ordinal) { ["grant_type"] = "refresh_token", ["refresh_token"] = refreshToken };
        if (basic is null)
            form["client_id"] = "sandbox-client";
        else
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)));
        request.Content = new FormUrlEncodedContent(form);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static string? Text(JsonDocument json, string name) =>
        json.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
}

internal sealed record TokenAnswer(int Status, string? AccessToken, string? RefreshToken, string? Error, JsonElement Body);
