using Executor.Security;
using Microsoft.Extensions.Logging;

namespace Executor.Credentials.Owner;

/// <summary>What an operator has to be told once, not once a call.</summary>
public sealed partial class CredentialAlarms(ILogger<CredentialAlarms> logger)
{
    private const int MaxRemembered = 10_000;

    private readonly BoundedMemory<CredentialKey, bool> _operatorErrors = new(MaxRemembered);
    private readonly BoundedMemory<(CredentialKey Key, Generation Generation, BlockedReason Reason), bool> _waits = new(MaxRemembered);
    private int _undecryptable;
    private int _unknownKey;

    /// <summary>This node has met a credential that is damaged.</summary>
    public bool HasUndecryptable => Volatile.Read(ref _undecryptable) != 0;

    /// <summary>This node has met a credential that is sealed with a key that it does not have.</summary>
    public bool HasUnknownKey => Volatile.Read(ref _unknownKey) != 0;

    internal void Undecryptable(CredentialKey key)
    {
        if (Interlocked.Exchange(ref _undecryptable, 1) == 0)
            Log.Undecryptable(logger, key.User.Value, key.Server.Value);
    }

    internal void UnknownKey(CredentialKey key, KeyId sealing)
    {
        if (Interlocked.Exchange(ref _unknownKey, 1) == 0)
            Log.UnknownKey(logger, key.User.Value, key.Server.Value, sealing);
    }

    /// <summary>Once per generation and reason, however often it fails for it.</summary>
    internal void Waits(CredentialKey key, Generation generation, BlockedReason reason)
    {
        if (_waits.TryAdd((key, generation, reason), true))
            Log.Waits(logger, key.User.Value, key.Server.Value, reason);
    }

    /// <summary>Of what this node has committed, whether or not anybody asked for the token.</summary>
    internal void Changed(CredentialRow? before, CredentialRow? after)
    {
        if (after is { State: CredentialState.OperatorError })
            OperatorError(after);
        else if (after is { State: CredentialState.Refreshing } && before is not { State: CredentialState.OperatorError })
            _operatorErrors.Remove(after.Key); // it was over, by a success or a deposit: the next one is another
    }

    /// <summary>Once, however often it is tried again.</summary>
    internal void OperatorError(CredentialRow row)
    {
        if (_operatorErrors.TryAdd(row.Key, true))
            Log.OperatorError(logger, row.Key.User.Value, row.Key.Server.Value, row.Reason, row.WaitsFor ?? BlockedReason.Other);
    }

    internal void TokensRefused(CredentialKey key) => Log.TokensRefused(logger, key.User.Value, key.Server.Value);

    internal void TokensAccepted(CredentialKey key) => Log.TokensAccepted(logger, key.User.Value, key.Server.Value);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The MCP server {Server} refuses tokens of user {User} that are fresh: they are not renewed for it again before a pause")]
        public static partial void TokensRefused(ILogger logger, long user, string server);

        [LoggerMessage(Level = LogLevel.Information, Message = "The MCP server {Server} does not refuse tokens of user {User} any more")]
        public static partial void TokensAccepted(ILogger logger, long user, string server);

        [LoggerMessage(Level = LogLevel.Error, Message = "A credential (first seen: user {User} at {Server}) is damaged: what is stored does not open with the key that sealed it. Its user has to reconnect")]
        public static partial void Undecryptable(ILogger logger, long user, string server);

        [LoggerMessage(Level = LogLevel.Error, Message = "A credential (first seen: user {User} at {Server}) is sealed with key {KeyId}, which this node does not have: add that key to EXECUTOR_ENCRYPTION_KEYS_RETIRED. Until then such credentials are answered 503 here")]
        public static partial void UnknownKey(ILogger logger, long user, string server, KeyId keyId);

        [LoggerMessage(Level = LogLevel.Error, Message = "The OAuth client registration of user {User} at {Server} does not work ({Reason}, {Code}): an operator has to mend it")]
        public static partial void OperatorError(ILogger logger, long user, string server, CredentialReason reason, BlockedReason code);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The credential of user {User} at {Server} could not be refreshed ({Reason}); it is tried again")]
        public static partial void Waits(ILogger logger, long user, string server, BlockedReason reason);
    }
}
