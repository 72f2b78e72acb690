using System.Buffers.Text;
using System.IdentityModel.Tokens.Jwt;
using Executor.Identity;
using Microsoft.IdentityModel.Tokens;

namespace Executor.Http.Authentication;

/// <summary>
/// The library checks the signature. The algorithm, the times and the claims are checked here: this version of it has no allow-list of
/// algorithms, knows no <see cref="TimeProvider"/>, and flattens claims, so that <c>[5]</c> would pass for 5.
/// </summary>
internal sealed class TokenValidator(AuthenticationSettings settings, TokenCache cache, TimeProvider time)
{
    private const int MaxLength = 16 * 1024;

    private readonly JwtSecurityTokenHandler _handler = new() { MapInboundClaims = false };

    private readonly TokenValidationParameters _parameters = new()
    {
        // Its cache of providers hands one out before that is marked as cached, and whoever is done with it first disposes of it under
        // the others: of the first calls to a busy node that has just started, some were refused. What was checked is cached here.
        IssuerSigningKey = new SymmetricSecurityKey(settings.Secret)
        {
            CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
        },
        RequireSignedTokens = true,
        ValidateIssuerSigningKey = true,
        ValidateAudience = false,
        ValidateIssuer = false,
        ValidateLifetime = false,
    };

    public TokenVerdict Validate(string token)
    {
        if (token.Length is 0 or > MaxLength)
            return new TokenVerdict(TokenRefusal.TooLong);
        var now = time.GetUtcNow();
        var key = TokenCache.KeyOf(token);
        if (cache.TryGet(key, now - TokenClaims.Leeway, out var known))
            return new TokenVerdict(known);
        if (Check(token, out var claims) is { } refusal)
            return new TokenVerdict(refusal);
        if (now - TokenClaims.Leeway >= claims.ExpiresAt)
            return new TokenVerdict(TokenRefusal.Expired);
        if (now + TokenClaims.Leeway < claims.NotBefore)
            return new TokenVerdict(TokenRefusal.NotYetValid);
        if (claims.UserError is not null)
            return new TokenVerdict(TokenRefusal.NoUser, claims.UserError);
        var caller = new CallerIdentity(claims.User);
        cache.Add(key, caller, claims.ExpiresAt);
        return new TokenVerdict(caller);
    }

    /// <summary>The signature before the claims: of those in a token that anybody may have made nothing is told.</summary>
    private TokenRefusal? Check(string token, out TokenClaims claims)
    {
        claims = default;
        var parts = token.Split('.');
        if (parts.Length != 3 || Decode(parts[0]) is not { } header || Decode(parts[1]) is not { } payload)
            return TokenRefusal.Malformed;
        if (TokenClaims.CheckHeader(header) is { } refusal)
            return refusal;
        return CheckSignature(token) ?? TokenClaims.Read(payload, out claims);
    }

    private TokenRefusal? CheckSignature(string token)
    {
        try
        {
            _handler.ValidateToken(token, _parameters, out _);
            return null;
        }
        catch (SecurityTokenInvalidSignatureException)
        {
            return TokenRefusal.BadSignature;
        }
        catch (Exception)
        {
            // It reads the claims as well and throws whatever comes: InvalidCastException for an exp that is a list, to name one.
            return TokenRefusal.Malformed;
        }
    }

    private static byte[]? Decode(string part)
    {
        try
        {
            return Base64Url.DecodeFromChars(part);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

/// <param name="Caller">Who it is; null when the token is not accepted.</param>
/// <param name="Refusal">Why it is not.</param>
/// <param name="ClaimError">A signed and current token whose <c>id</c> is of no use: why, as a code.</param>
internal readonly record struct TokenVerdict(CallerIdentity? Caller, TokenRefusal? Refusal, string? ClaimError)
{
    public TokenVerdict(CallerIdentity caller)
        : this(caller, null, null)
    {
    }

    public TokenVerdict(TokenRefusal refusal, string? claimError = null)
        : this(null, refusal, claimError)
    {
    }
}
