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
            return TokenVerdict.Refused;
        var now = time.GetUtcNow();
        var key = TokenCache.KeyOf(token);
        if (cache.TryGet(key, now, out var known))
            return new TokenVerdict(known, null);
        if (Check(token) is not { } claims || now >= claims.ExpiresAt || now < claims.NotBefore)
            return TokenVerdict.Refused;
        if (claims.UserError is not null)
            return new TokenVerdict(null, claims.UserError);
        var caller = new CallerIdentity(claims.User);
        cache.Add(key, caller, claims.ExpiresAt);
        return new TokenVerdict(caller, null);
    }

    private TokenClaims? Check(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || Decode(parts[0]) is not { } header || Decode(parts[1]) is not { } payload)
            return null;
        if (!TokenClaims.IsAcceptedHeader(header) || !IsSigned(token))
            return null;
        return TokenClaims.Read(payload);
    }

    private bool IsSigned(string token)
    {
        try
        {
            _handler.ValidateToken(token, _parameters, out _);
            return true;
        }
        catch (Exception)
        {
            // It reads the claims as well and throws whatever comes: InvalidCastException for an exp that is a list, to name one.
            return false;
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
/// <param name="ClaimError">A signed and current token whose <c>id</c> is of no use: why, as a code.</param>
internal readonly record struct TokenVerdict(CallerIdentity? Caller, string? ClaimError)
{
    public static TokenVerdict Refused => default;
}
