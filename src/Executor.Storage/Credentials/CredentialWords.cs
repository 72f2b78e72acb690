using Executor.Credentials;
using Executor.Storage.Databases;

namespace Executor.Storage.Credentials;

internal static class CredentialWords
{
    public static readonly Words<CredentialState> State = new(
        (CredentialState.Absent, "absent"),
        (CredentialState.Ready, "ready"),
        (CredentialState.Refreshing, "refreshing"),
        (CredentialState.Unresolved, "unresolved"),
        (CredentialState.NeedsReauth, "needs-reauth"),
        (CredentialState.OperatorError, "operator-error"));

    public static readonly Words<CredentialReason> Reason = new(
        (CredentialReason.None, "none"),
        (CredentialReason.Revoked, "revoked"),
        (CredentialReason.OutcomeUnknown, "outcome-unknown"),
        (CredentialReason.InvalidClient, "invalid-client"),
        (CredentialReason.UnauthorizedClient, "unauthorized-client"),
        (CredentialReason.ClientSecretExpired, "client-secret-expired"),
        (CredentialReason.EndpointRefused, "endpoint-refused"),
        (CredentialReason.KeyLost, "key-lost"),
        (CredentialReason.Copied, "copied"),
        (CredentialReason.RefusedRepeatedly, "refused-repeatedly"));

    public static readonly Words<IntentSettlement> Settlement = new(
        (IntentSettlement.Unsettled, "unsettled"),
        (IntentSettlement.NotSpent, "not-spent"),
        (IntentSettlement.InDoubt, "in-doubt"),
        (IntentSettlement.Refused, "refused"));

    public static readonly Words<ClientAuthMethod> AuthMethod = new(
        (ClientAuthMethod.Unspecified, "unspecified"),
        (ClientAuthMethod.Basic, "basic"),
        (ClientAuthMethod.Post, "post"),
        (ClientAuthMethod.None, "none"));
}
