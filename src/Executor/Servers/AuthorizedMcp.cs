using System.Diagnostics;
using Executor.Credentials;
using Executor.Identity;

namespace Executor.Servers;

/// <summary>Calls MCP servers with a user's credential, and knows what a 401 asks for.</summary>
public sealed class AuthorizedMcp(ICredentials credentials, IMcpGateway gateway)
{
    /// <summary>The token, the same once more where it was young, and both again for the one after it.</summary>
    private const int MostTokens = 4;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    /// <param name="probe">Who asks. It matters where tokens are refused and the time has come to try one.</param>
    public async ValueTask<McpAuthorization> AuthorizeAsync(
        UserId user, McpServer server, ProbeId probe, CancellationToken cancellationToken)
    {
        if (server.Auth is not McpServerAuth.OAuth2)
            return new McpAuthorization.NotNeeded();
        var owner = Owner(user, server);
        var outcome = await owner.GetTokenAsync(cancellationToken);
        if (outcome is TokenOutcome.NeedsReauth refused && refused.MayProbe(probe))
            outcome = await owner.ProbeAsync(probe, cancellationToken);
        return Authorization(outcome);
    }

    public async ValueTask<AuthorizedOutcome<McpToolList>> ListToolsAsync(
        UserId user, McpServer server, ProbeId probe, CancellationToken cancellationToken) =>
        await WithAuthorizationAsync(
            user,
            server,
            await AuthorizeAsync(user, server, probe, cancellationToken),
            token => gateway.ListToolsAsync(user, server, token, cancellationToken),
            cancellationToken);

    /// <param name="authorization">From <see cref="AuthorizeAsync"/>, asked for before the call is written down as begun.</param>
    public ValueTask<AuthorizedOutcome<McpToolResult>> CallToolAsync(
        UserId user, McpServer server, McpAuthorization authorization, McpToolCall call, CancellationToken cancellationToken) =>
        WithAuthorizationAsync(
            user, server, authorization, token => gateway.CallToolAsync(user, server, token, call, cancellationToken), cancellationToken);

    private static McpAuthorization Authorization(TokenOutcome outcome) => outcome is TokenOutcome.Issued issued
        ? new McpAuthorization.Granted(issued)
        : new McpAuthorization.Denied(outcome);

    /// <summary>
    /// A 401 turns the request away before anything runs, so the call may be repeated. It is repeated with the same token if that was too
    /// young, and with one other. A server that rejects a token straight from its refresh would reject the next one too.
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
        if (authorization is not McpAuthorization.Granted { Token: var first })
            return Denied<T>(((McpAuthorization.Denied)authorization).Outcome);

        var owner = Owner(user, server);
        var token = first;
        for (var tried = 1; ; tried++)
        {
            if (await CallOnceAsync(call, token.Token) is { } outcome)
            {
                await ReportAsync(owner, token, outcome);
                return outcome;
            }

            var rejection = new Rejection(token.Generation, IsRenewed: token.Generation != first.Generation, token.Probe, token.Episode);
            var next = await owner.TokenRejectedAsync(rejection, cancellationToken);
            if (next is not TokenOutcome.Issued issued)
                return Denied<T>(next);
            if (tried == MostTokens)
                return new AuthorizedOutcome<T>.Unavailable(_pause); // it has changed again and again meanwhile
            token = issued;
        }
    }

    /// <summary>What the probe found out. Should it be lost, another one finds it out: the answer itself must not be lost for it.</summary>
    private static async ValueTask ReportAsync<T>(ICredentialOwner owner, TokenOutcome.Issued token, AuthorizedOutcome<T> outcome)
    {
        if (token.Probe is null || outcome is AuthorizedOutcome<T>.Failed { Failure.IsAnswer: false })
            return;
        try
        {
            await owner.TokenAcceptedAsync(token.Generation, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            // The probe lapses.
        }
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

    private static AuthorizedOutcome<T> Denied<T>(TokenOutcome outcome) => outcome switch
    {
        TokenOutcome.NeedsReauth needs => new AuthorizedOutcome<T>.NeedsReauth(needs.Seen),
        TokenOutcome.Unavailable busy => new AuthorizedOutcome<T>.Unavailable(busy.RetryAfter) { Reason = busy.Reason },
        TokenOutcome.EncryptionKeyMissing => new AuthorizedOutcome<T>.EncryptionKeyMissing(),
        _ => throw new UnreachableException(),
    };

    /// <summary>No user's credential was involved: only the configuration can mend it.</summary>
    private static AuthorizedOutcome<T>.Failed Rejected<T>() => new(new McpFailure(
        McpFailureCodes.Unauthorized, "The MCP server does not accept the credentials that it is configured with.", McpEffect.None));

    private ICredentialOwner Owner(UserId user, McpServer server) => credentials.For(new CredentialKey(user, server.Id));
}
