using System.Diagnostics;
using Executor.Credentials;
using Executor.Identity;

namespace Executor.Servers;

/// <summary>Calls MCP servers with a user's credential, and knows what a 401 asks for.</summary>
public sealed class AuthorizedMcp(ICredentials credentials, IMcpGateway gateway)
{
    public async ValueTask<McpAuthorization> AuthorizeAsync(UserId user, McpServer server, CancellationToken cancellationToken)
    {
        if (server.Auth is not McpServerAuth.OAuth2)
            return new McpAuthorization.NotNeeded();
        return Authorization(await Owner(user, server).GetTokenAsync(cancellationToken));
    }

    public async ValueTask<AuthorizedOutcome<McpToolList>> ListToolsAsync(
        UserId user, McpServer server, CancellationToken cancellationToken) =>
        await WithAuthorizationAsync(
            user,
            server,
            await AuthorizeAsync(user, server, cancellationToken),
            token => gateway.ListToolsAsync(user, server, token, cancellationToken),
            cancellationToken);

    /// <param name="authorization">From <see cref="AuthorizeAsync"/>, asked for before the call is written down as begun.</param>
    public ValueTask<AuthorizedOutcome<McpToolResult>> CallToolAsync(
        UserId user, McpServer server, McpAuthorization authorization, McpToolCall call, CancellationToken cancellationToken) =>
        WithAuthorizationAsync(
            user, server, authorization, token => gateway.CallToolAsync(user, server, token, call, cancellationToken), cancellationToken);

    private static McpAuthorization Authorization(TokenOutcome outcome) => outcome is TokenOutcome.Issued issued
        ? new McpAuthorization.Granted(issued.Token, issued.Generation)
        : new McpAuthorization.Denied(outcome);

    /// <summary>
    /// A 401 turns the request away before anything runs, so the call may be repeated with another token: once. A server that
    /// rejects a token straight from its refresh would reject the next one too, and each would cost a redemption.
    /// </summary>
    private async ValueTask<AuthorizedOutcome<T>> WithAuthorizationAsync<T>(
        UserId user,
        McpServer server,
        McpAuthorization authorization,
        Func<AccessToken?, Task<McpOutcome<T>>> call,
        CancellationToken cancellationToken)
    {
        if (authorization is McpAuthorization.NotNeeded)
            return await CallOnceAsync(call, null) ?? Rejected<T>();
        if (authorization is not McpAuthorization.Granted first)
            return Denied<T>(authorization);
        if (await CallOnceAsync(call, first.Token) is { } outcome)
            return outcome;

        var renewed = Authorization(await Owner(user, server).TokenRejectedAsync(first.Generation, cancellationToken));
        if (renewed is not McpAuthorization.Granted second)
            return Denied<T>(renewed);
        return await CallOnceAsync(call, second.Token)
            ?? new AuthorizedOutcome<T>.NeedsReauth(second.Generation, CredentialState.Ready, CredentialReason.None);
    }

    /// <returns>Null for a 401.</returns>
    private static async Task<AuthorizedOutcome<T>?> CallOnceAsync<T>(Func<AccessToken?, Task<McpOutcome<T>>> call, AccessToken? token) =>
        await call(token) switch
        {
            McpOutcome<T>.Completed completed => new AuthorizedOutcome<T>.Completed(completed.Value),
            McpOutcome<T>.Failed failed => new AuthorizedOutcome<T>.Failed(failed.Failure),
            McpOutcome<T>.Unauthorized => null,
            _ => throw new UnreachableException(),
        };

    private static AuthorizedOutcome<T> Denied<T>(McpAuthorization authorization) => authorization switch
    {
        McpAuthorization.Denied { Outcome: TokenOutcome.NeedsReauth seen } =>
            new AuthorizedOutcome<T>.NeedsReauth(seen.Seen, seen.SeenState, seen.Reason),
        McpAuthorization.Denied { Outcome: TokenOutcome.Unavailable busy } => new AuthorizedOutcome<T>.Unavailable(busy.RetryAfter) { Reason = busy.Reason },
        McpAuthorization.Denied { Outcome: TokenOutcome.EncryptionKeyMissing } => new AuthorizedOutcome<T>.EncryptionKeyMissing(),
        _ => throw new UnreachableException(),
    };

    /// <summary>No user's credential was involved: only the configuration can mend it.</summary>
    private static AuthorizedOutcome<T>.Failed Rejected<T>() => new(new McpFailure(
        McpFailureCodes.Unauthorized, "The MCP server does not accept the credentials that it is configured with.", McpEffect.None));

    private ICredentialOwner Owner(UserId user, McpServer server) => credentials.For(new CredentialKey(user, server.Id));
}
