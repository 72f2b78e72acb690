using System.Net;
using System.Net.Http.Headers;

namespace Executor.Mcp.Http;

/// <summary>Puts the credentials of one call on its own requests and on no others, and keeps what the server answers within bounds.</summary>
internal sealed class UpstreamHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string Authorization = "Authorization";
    private const string SessionHeader = "Mcp-Session-Id";
    private const string VersionHeader = "MCP-Protocol-Version";
    private const string ResumptionHeader = "Last-Event-ID";
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>A server that ends its streams at once and says <c>retry: 0</c> would be asked as fast as this machine can.</summary>
    private static readonly TimeSpan ResumptionPause = TimeSpan.FromMilliseconds(200);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var scope = CallScope.Current ?? throw new InvalidOperationException("An MCP request was made outside any call.");
        if (request.RequestUri is not { } target || !HasOrigin(target, scope.Server.Url))
            throw new InvalidOperationException("An MCP request was addressed to another origin than its server's.");

        Dress(request, scope);
        if (request.Content is { } message)
            request.Content = await PostedContent.FromAsync(message, scope, cancellationToken);

        if (request.Method == HttpMethod.Get && request.Headers.Contains(ResumptionHeader))
            await Task.Delay(ResumptionPause, cancellationToken);
        if (!scope.Limit.CanBeCanceled)
            return Receive(request, await base.SendAsync(request, cancellationToken), scope);

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, scope.Limit);
        return Receive(request, await base.SendAsync(request, limited.Token), scope);
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

    private static HttpResponseMessage Receive(HttpRequestMessage request, HttpResponseMessage response, CallScope scope)
    {
        try
        {
            if (request.Method == HttpMethod.Post)
                Note(request, response, scope);
            if (response.IsSuccessStatusCode)
                response.Content = new CappedContent(response.Content, scope, scope.Budget);
            else if (IsJson(response) && response.StatusCode == HttpStatusCode.BadRequest)
                response.Content = new CappedContent(response.Content, scope, new ByteBudget(MaxErrorBytes));
            else if (scope.Purpose == ScopePurpose.Call && request.Method == HttpMethod.Post)
                throw new UpstreamStatusException(response.StatusCode);
            else
                Empty(response);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private static void Note(HttpRequestMessage request, HttpResponseMessage response, CallScope scope)
    {
        scope.Status = response.StatusCode;
        scope.NamedSession = request.Headers.Contains(SessionHeader);
        scope.InsufficientScope = response.StatusCode == HttpStatusCode.Forbidden
            && response.Headers.WwwAuthenticate.Any(challenge =>
                challenge.Parameter?.Contains("insufficient_scope", StringComparison.OrdinalIgnoreCase) == true);
    }

    private static bool IsJson(HttpResponseMessage response) =>
        string.Equals(response.Content.Headers.ContentType?.MediaType, "application/json", StringComparison.OrdinalIgnoreCase);

    private static void Empty(HttpResponseMessage response)
    {
        response.Content.Dispose();
        response.Content = new ByteArrayContent([]);
    }
}
