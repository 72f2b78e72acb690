using Executor.Credentials;
using Executor.Identity;
using Microsoft.Extensions.Logging;

namespace Executor.Storage.Credentials;

/// <summary>What became of credentials, a line an event: told by the node that committed it, after the commit.</summary>
internal sealed partial class CredentialNews(ILogger<CredentialNews> logger)
{
    private const int MaxRemembered = 10_000;

    /// <summary>Operator's errors that this node tries again: their rows do not say meanwhile what they were.</summary>
    private readonly BoundedMemory<CredentialKey, bool> _retried = new(MaxRemembered);

    public void Changed(CredentialRow before, CredentialRow after)
    {
        var (user, server) = (after.Key.User, after.Key.Server);
        if (after.State == before.State && after.Generation == before.Generation)
            return;
        var isBack = IsBack(before, after);
        if (after.State == CredentialState.Absent)
        {
            if (before.State != CredentialState.Absent)
                Log.Deleted(logger, user, server);
        }
        else if (after.Generation != before.Generation && after.MintedBy is null)
        {
            Log.Deposited(logger, user, server); // a refresh says which intent made its generation
        }
        else if (after.State == CredentialState.NeedsReauth && before.State != CredentialState.NeedsReauth)
        {
            Log.Lost(logger, user, server, CredentialWords.Reason.Of(after.Reason));
        }
        else if (after.State == CredentialState.Ready && (isBack || before.State is CredentialState.NeedsReauth or CredentialState.OperatorError))
        {
            Log.Recovered(logger, user, server);
        }
    }

    /// <summary>An operator's error has been tried again, with success.</summary>
    private bool IsBack(CredentialRow before, CredentialRow after)
    {
        switch (after.State)
        {
            case CredentialState.Refreshing when before.State == CredentialState.OperatorError:
                _retried.Set(after.Key, true);
                return false;
            case CredentialState.Refreshing or CredentialState.Unresolved:
            case CredentialState.Ready when after.Generation == before.Generation: // what was tried has failed in a way that passes
                return false;
            default:
                return _retried.Remove(after.Key) && after.State == CredentialState.Ready;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The credential of user {User} at {Server} was deposited")]
        public static partial void Deposited(ILogger logger, UserId user, McpServerId server);

        [LoggerMessage(Level = LogLevel.Information, Message = "The credential of user {User} at {Server} was deleted")]
        public static partial void Deleted(ILogger logger, UserId user, McpServerId server);

        [LoggerMessage(Level = LogLevel.Information, Message = "The credential of user {User} at {Server} is lost: {Reason}. Its user has to reconnect")]
        public static partial void Lost(ILogger logger, UserId user, McpServerId server, string? reason);

        [LoggerMessage(Level = LogLevel.Information, Message = "The credential of user {User} at {Server} can be used again")]
        public static partial void Recovered(ILogger logger, UserId user, McpServerId server);
    }
}
