using Executor.Credentials;
using Executor.Grains.Credentials;
using Executor.Runs;

namespace Executor.Nodes.Pair;

/// <summary>Versions run side by side: what a number means on the wire never changes.</summary>
public sealed class WireTests
{
    [Fact]
    public void Words_of_messages_keep_their_numbers()
    {
        Assert.Equal(["Issued", "NeedsReauth", "Unavailable", "EncryptionKeyMissing", "NotHere"], Enum.GetNames<TokenReplyKind>());
        Assert.Equal(["Absent", "Ready", "Refreshing", "Unresolved", "NeedsReauth", "OperatorError"], Enum.GetNames<CredentialState>());
        Assert.Equal(
            ["None", "Revoked", "OutcomeUnknown", "InvalidClient", "UnauthorizedClient", "ClientSecretExpired", "EndpointRefused", "KeyLost", "Copied", "RefusedRepeatedly"],
            Enum.GetNames<CredentialReason>());
        Assert.Equal(["Retry", "Skip"], Enum.GetNames<TriggerAction>());
        Assert.Equal(
            ["Triggered", "AlreadyRunning", "Unknown", "Finished", "ActionRequired", "ActionNotAllowed"], Enum.GetNames<TriggerOutcome>());
        Assert.Equal(["Cancelled", "Requested", "Unknown", "Finished"], Enum.GetNames<CancelOutcome>());
    }

    [Fact]
    public void Answer_of_a_kind_that_only_a_newer_version_knows_is_none() =>
        Assert.Null(new TokenReply { Kind = (TokenReplyKind)99 }.ToOutcome());
}
