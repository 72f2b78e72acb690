namespace Executor.Credentials;

/// <summary>What somebody saw of a credential that served no token. A run parks on it only while the row still is so.</summary>
/// <param name="Episode">See <see cref="TokenRefusal.Episode"/>.</param>
/// <param name="Cause">What has to change.</param>
public readonly record struct CredentialSight(
    Generation Generation, CredentialState State, long Episode = 0, ParkCause Cause = ParkCause.Unusable)
{
    public static CredentialSight Of(CredentialRow row) => new(
        row.Generation,
        row.State,
        row.Refusal.Episode,
        row.State is CredentialState.Absent or CredentialState.NeedsReauth or CredentialState.OperatorError
            ? ParkCause.Unusable
            : ParkCause.TokenRefused);
}
