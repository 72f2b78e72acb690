using System.Collections.Immutable;
using Executor.Credentials;

namespace Executor.Simulation.Store;

/// <summary>A credential's row and the intents of its generation, in order. There are no others: they close with their generation.</summary>
internal sealed record StoredCredential(CredentialRow Row, ImmutableList<RefreshIntent> Intents)
{
    public static StoredCredential Blank(CredentialKey key) => new(new CredentialRow { Key = key }, []);

    public bool IsBlank => Row.State == CredentialState.Absent && Row.Generation == Generation.None;

    /// <summary>The row as the tables keep it.</summary>
    public static CredentialRow Kept(CredentialRow row, long version)
    {
        if (row.RefreshToken is not null && row.Client is null)
            throw new InvalidOperationException("A refresh token is kept with its client only.");
        return row with
        {
            AccessTokenExpiresAt = row.AccessTokenExpiresAt.Kept(),
            RefreshAt = row.RefreshAt.Kept(),
            Client = row.Client is { ClientSecretExpiresAt: { } expiry } client ? client with { ClientSecretExpiresAt = expiry.Kept() } : row.Client,
            RetryAt = row.RetryAt.Kept(),
            MintedAt = row.MintedAt.Kept(),
            ConfirmingSince = row.ConfirmingSince.Kept(),
            Refusal = row.Refusal with
            {
                CountedAt = row.Refusal.CountedAt.Kept(),
                Since = row.Refusal.Since.Kept(),
                Until = row.Refusal.Until.Kept(),
                ProbeDeadline = row.Refusal.ProbeDeadline.Kept(),
            },
            Repeated = row.Repeated is { } repeated ? repeated with { Since = repeated.Since.Kept() } : null,
            Version = version,
        };
    }
}
