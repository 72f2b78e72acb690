using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Executor.Http.Authentication;

/// <summary>
/// The caller's JWT: from the Authorization header or, where there is none, from the session cookie. A header that is present decides
/// alone, so that a browser's ambient cookie never changes who a program says that it is.
/// </summary>
internal sealed partial class SessionTokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, TokenValidator validator, RefusalLog refusals)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public new const string Scheme = "Bearer";
    public const string Cookie = "forest_session_token";

    /// <summary>Why the token that was sent is not accepted; null where none was sent.</summary>
    private TokenRefusal? _refusal;

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization;
        var byCookie = header.Count == 0;
        var token = byCookie ? Request.Cookies[Cookie] : ReadBearer(header);
        if (header.Count > 1)
            return Task.FromResult(Refused(TokenRefusal.SentTwice));
        if (token is null)
            return Task.FromResult(byCookie ? AuthenticateResult.NoResult() : AuthenticateResult.Fail("Not a bearer token."));
        var verdict = validator.Validate(token);
        if (verdict.ClaimError is { } code)
            Log.InvalidClaims(Logger, Request.Method, "id", code);
        if (verdict.Caller is not { } caller)
            return Task.FromResult(Refused(verdict.Refusal!));
        if (byCookie)
            Context.Features.Set(CookieAuthenticated.Instance);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(caller), Scheme)));
    }

    /// <summary>RFC 6750 §3: no error where no token was sent, as with another scheme.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = _refusal is { } refusal
            ? $"{Scheme} error=\"invalid_token\", error_description=\"{refusal.Description}\""
            : Scheme;
        return Task.CompletedTask;
    }

    private AuthenticateResult Refused(TokenRefusal refusal)
    {
        _refusal = refusal;
        refusals.Tell(Request, refusal);
        return AuthenticateResult.Fail("The token is not accepted.");
    }

    private static string? ReadBearer(Microsoft.Extensions.Primitives.StringValues header)
    {
        const string Prefix = "Bearer ";
        return header.Count == 1 && header[0] is { } value && value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            ? value[Prefix.Length..].Trim(' ')
            : null;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Bearer token has invalid claims: {Method}, claim {Claim}, {Code}")]
        public static partial void InvalidClaims(ILogger logger, string method, string claim, string code);
    }
}

/// <summary>Marks a request whose token came in a cookie, which a browser sends without being asked.</summary>
internal sealed class CookieAuthenticated
{
    public static readonly CookieAuthenticated Instance = new();

    private CookieAuthenticated()
    {
    }
}
