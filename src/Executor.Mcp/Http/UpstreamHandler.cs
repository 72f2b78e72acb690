using System.Net;
using System.Net.Http.Headers;
using Executor.Mcp.Http.Answers;

namespace Executor.Mcp.Http;

/// <summary>
/// Puts the credentials of one call on its own requests and on no others. It also keeps what the server answers within bounds.
/// </summary>
internal sealed class UpstreamHandler(HttpMessageHandler inner, TimeProvider time) : DelegatingHandler(inner)
{
    private const string Authorization = "Authorization";
    private const string SessionHeader = "Mcp-Session-Id";
    private const string VersionHeader = "MCP-Protocol-Version";
    private const string ResumptionHeader = "Last-Event-ID";

    /// <summary>A server that ends its streams at once and says <c>retry: 0</c> would be asked as fast as this machine can.</summary>
    private static readonly TimeSpan ResumptionPause = TimeSpan.FromMilliseconds(200);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var scope = CallScope.Current ?? throw new InvalidOperationException("An MCP request was made outside any call.");
        if (request.RequestUri is not { } target || !HasOrigin(target, scope.Server.Url))
            throw new InvalidOperationException("An MCP request was addressed to another origin than its server's.");

        Dress(request, scope);
        if (request.Content is { } message)
        {
            var posted = await PostedContent.FromAsync(message, scope, cancellationToken);
            request.Content = posted;
            scope.Begin(posted, request.Headers.Contains(SessionHeader));
        }

        if (request.Method == HttpMethod.Get && request.Headers.Contains(ResumptionHeader))
            await Task.Delay(ResumptionPause, cancellationToken);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, scope.Limit);
        var response = await base.SendAsync(request, limited.Token);
        try
        {
            await ReceiveAsync(request, response, scope, limited.Token);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static bool HasOrigin(Uri target, Uri server) =>
        Uri.Compare(target, server, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static void Dress(HttpRequestMessage request, CallScope scope)
    {
        foreach (var (name, value) in scope.Server.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (scope.Bearer is { } bearer)
        {
            request.Headers.Remove(Authorization);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer.Value);
        }

        if (!request.Headers.Contains("User-Agent"))
            request.Headers.TryAddWithoutValidation("User-Agent", scope.Server.UserAgent);
        if (!request.Headers.Contains("Accept-Encoding"))
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        foreach (var (name, value) in request.Method == HttpMethod.Post ? scope.ParameterHeaders : [])
            request.Headers.TryAddWithoutValidation(name, value);

        // The SDK leaves it out of a resumed connection's notifications.
        if (scope.ProtocolVersion is { } version && !request.Headers.Contains(VersionHeader))
            request.Headers.TryAddWithoutValidation(VersionHeader, version);
    }

    private async Task ReceiveAsync(HttpRequestMessage request, HttpResponseMessage response, CallScope scope, CancellationToken cancellationToken)
    {
        var posted = request.Content as PostedContent;
        if (posted is not null)
            scope.Note(response.StatusCode);
        if (response.IsSuccessStatusCode)
        {
            // What a server says unasked is no call's answer.
            response.Content = posted is { RequestId: null } || scope.Purpose == ScopePurpose.Listen
                ? new CappedContent(response.Content, scope, scope.Budget)
                : new AnswerContent(response.Content, scope, posted?.RequestId ?? scope.Request);
            return;
        }

        if (posted is not null)
            scope.Keep(await Refusal.ReadAsync(response, posted.RequestId, time, cancellationToken));
        response.Content.Dispose();
        response.Content = new ByteArrayContent([]);
        // The SDK would put the body into an exception's message and, on a 404 to a session, cancel every call on the same client.
        if (posted is not null && scope.Purpose == ScopePurpose.Call)
            throw new UpstreamStatusException(response.StatusCode);
        if (posted is not null && scope.Purpose == ScopePurpose.Connect)
            OlderHandshake.Prompt(response, scope);
    }
}
