using Executor.Sandbox.OAuth;

namespace Executor.Sandbox.Mcp;

internal sealed record Caller(bool Admitted, string? Token, string? GrantId = null, string? User = null);

/// <summary>Who may call: decided anew for each request, so that a revoked token is refused at once.</summary>
internal sealed class BearerGate(SandboxOptions options, OAuthSandbox oauth)
{
    private const string Scheme = "Bearer ";

    public Caller Check(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
        if (options.McpAuth == McpAuth.None)
            return new Caller(Admitted: true, token);
        if (token is null)
            return new Caller(Admitted: false, Token: null);
        if (options.McpAuth == McpAuth.StaticBearer)
            return new Caller(token == options.StaticBearer, token);
        return oauth.Book.UseAccessToken(token) is { Grant: var grant }
            ? new Caller(Admitted: true, token, grant.Id, grant.User)
            : new Caller(Admitted: false, token);
    }

    /// <summary>RFC 6750 section 3.1: no error code for a request that brought no token at all.</summary>
    public static string Challenge(string? token) =>
        token is null ? "Bearer realm=\"sandbox\"" : "Bearer realm=\"sandbox\", error=\"invalid_token\"";
}
