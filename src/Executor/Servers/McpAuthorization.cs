using Executor.Credentials;

namespace Executor.Servers;

/// <summary>What a user may call a server with.</summary>
public abstract record McpAuthorization
{
    private McpAuthorization()
    {
    }

    /// <summary>The server knows no users, or its headers say all there is to say.</summary>
    public sealed record NotNeeded : McpAuthorization;

    public sealed record Granted(TokenOutcome.Issued Token) : McpAuthorization;

    /// <param name="Outcome">Anything but <see cref="TokenOutcome.Issued"/>.</param>
    public sealed record Denied(TokenOutcome Outcome) : McpAuthorization;
}
