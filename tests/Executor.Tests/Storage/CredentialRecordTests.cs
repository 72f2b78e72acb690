using Executor.Credentials;
using Executor.Identity;
using Executor.Storage.Credentials;

namespace Executor.Tests.Storage;

public class CredentialRecordTests
{
    /// <summary>A node of an older version leaves the confirmation standing when its refresh makes a new generation.</summary>
    [Fact]
    public void Confirmation_of_another_generation_is_none()
    {
        var confirming = new CredentialRow
        {
            Key = new CredentialKey(UserId.From(1), McpServerId.From("crm")),
            Generation = new Generation(7),
            State = CredentialState.Unresolved,
            ConfirmingSince = DateTimeOffset.UnixEpoch.AddDays(1),
        };

        Assert.Equal(confirming.ConfirmingSince, CredentialRecord.From(confirming).ToRow().ConfirmingSince);
        Assert.Equal(7, CredentialRecord.From(confirming).ConfirmingGeneration);
        Assert.Null(new CredentialRecord
        {
            UserId = 1,
            McpServerId = "crm",
            Generation = 8,
            State = "unresolved",
            Reason = "none",
            ConfirmingSince = 1000,
            ConfirmingGeneration = 7,
        }.ToRow().ConfirmingSince);
    }
}
