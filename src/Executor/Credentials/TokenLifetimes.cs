namespace Executor.Credentials;

/// <summary>Until when an access token is used, and from when it is refreshed.</summary>
/// <param name="Jitter">0 to 1: how much earlier than need be, so that credentials that were minted together are not refreshed together.</param>
internal readonly record struct TokenLifetimes(CredentialOptions Options, double Jitter)
{
    private const double Latest = 0.95;
    private const double Spread = 0.2;

    public (DateTimeOffset ExpiresAt, DateTimeOffset RefreshAt) From(DateTimeOffset now, TimeSpan? expiresIn)
    {
        // RFC 6749 §5.1 lets a server leave expires_in out; that does not make the token eternal.
        var lifetime = expiresIn is { } told && told > TimeSpan.Zero ? told : Options.DefaultTokenLifetime;
        lifetime = Spans.Min(lifetime, Options.MaxTokenLifetime);
        var skew = Spans.Min(lifetime / 4, Options.ExpirySkew);
        var latest = Spans.Min(lifetime * Latest, lifetime - skew);
        return (now + lifetime, now + latest - (lifetime * Spread * Jitter));
    }
}
