namespace Executor.Credentials;

/// <summary>A refresh token. Printing it shows nothing.</summary>
public readonly record struct RefreshToken(string Value)
{
    public override string ToString() => "(refresh token)";
}

/// <summary>An access token. Printing it shows nothing.</summary>
public readonly record struct AccessToken(string Value)
{
    public override string ToString() => "(access token)";
}

/// <summary>An OAuth client secret. Printing it shows nothing.</summary>
public readonly record struct ClientSecret(string Value)
{
    public override string ToString() => "(client secret)";
}

/// <summary>How a client identifies itself at the token endpoint (RFC 6749 §2.3, RFC 7591 <c>token_endpoint_auth_method</c>).</summary>
public enum ClientAuthMethod
{
    /// <summary>Nothing was said: Basic where there is a secret, otherwise the client id in the body.</summary>
    Unspecified,
    Basic,
    Post,
    None,
}
