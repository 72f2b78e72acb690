using System.Diagnostics.CodeAnalysis;
using Executor.Security;

namespace Executor.Credentials;

/// <summary>Seals a credential's secrets for exactly the place in the store that they belong to.</summary>
internal sealed class CredentialVault(SecretBox box, LineageHash lineage)
{
    public bool HasKey => box.HasKey;

    public byte[] SealRefreshToken(RefreshToken token, CredentialKey key, Generation generation) =>
        box.Seal(token.Value, Place(SecretPurpose.RefreshToken, key, generation));

    public byte[] SealKeptToken(RefreshToken token, CredentialKey key, Generation generation) =>
        box.Seal(token.Value, Place(SecretPurpose.KeptRefreshToken, key, generation));

    public byte[] SealAccessToken(AccessToken token, CredentialKey key, Generation generation) =>
        box.Seal(token.Value, Place(SecretPurpose.AccessToken, key, generation));

    /// <summary>Not bound to a generation: a client's registration outlives the tokens.</summary>
    public byte[] SealClientSecret(ClientSecret secret, CredentialKey key) =>
        box.Seal(secret.Value, Place(SecretPurpose.ClientSecret, key, generation: null));

    public bool TryOpenRefreshToken(CredentialRow row, out RefreshToken token)
    {
        var opened = TryOpen(row.RefreshToken, Place(SecretPurpose.RefreshToken, row.Key, row.Generation), out var text);
        token = new RefreshToken(text ?? "");
        return opened;
    }

    public bool TryOpenKeptToken(CredentialRow row, out RefreshToken token)
    {
        var opened = TryOpen(row.KeptRefreshToken, Place(SecretPurpose.KeptRefreshToken, row.Key, row.Generation), out var text);
        token = new RefreshToken(text ?? "");
        return opened;
    }

    public bool TryOpenAccessToken(CredentialRow row, out AccessToken token)
    {
        var opened = TryOpen(row.AccessToken, Place(SecretPurpose.AccessToken, row.Key, row.Generation), out var text);
        token = new AccessToken(text ?? "");
        return opened;
    }

    /// <summary>True without a secret as well, for a public client.</summary>
    public bool TryOpenClientSecret(CredentialRow row, out ClientSecret? secret)
    {
        secret = null;
        if (row.Client?.ClientSecret is not { } envelope)
            return true;
        if (!TryOpen(envelope, Place(SecretPurpose.ClientSecret, row.Key, generation: null), out var text))
            return false;
        secret = new ClientSecret(text);
        return true;
    }

    /// <summary>
    /// The key that this node does not have, and a refresh would need. Such a row is not damaged: other nodes may have the key, so it
    /// is this node alone that cannot go on.
    /// </summary>
    public KeyId? UnknownKeyOf(CredentialRow row) =>
        !HasKey ? null : UnknownKeyOf(row.RefreshToken)
            ?? (row.TryKept ? UnknownKeyOf(row.KeptRefreshToken) : null)
            ?? UnknownKeyOf(row.Client?.ClientSecret);

    /// <summary>The same row with everything that opens sealed by the current key.</summary>
    public CredentialRow Reseal(CredentialRow row) => row with
    {
        RefreshToken = TryOpenRefreshToken(row, out var token) ? SealRefreshToken(token, row.Key, row.Generation) : row.RefreshToken,
        KeptRefreshToken = TryOpenKeptToken(row, out var kept) ? SealKeptToken(kept, row.Key, row.Generation) : row.KeptRefreshToken,
        AccessToken = TryOpenAccessToken(row, out var access) ? SealAccessToken(access, row.Key, row.Generation) : row.AccessToken,
        Client = TryOpenClientSecret(row, out var secret) && secret is { } text
            ? row.Client! with { ClientSecret = SealClientSecret(text, row.Key) }
            : row.Client,
    };

    public byte[] HashLineage(RefreshToken token, CredentialKey key) =>
        lineage.Compute(token.Value, key.User.Value, key.Server.Value);

    public bool IsLineage(byte[]? stored, RefreshToken token, CredentialKey key) =>
        stored is not null && lineage.Matches(stored, token.Value, key.User.Value, key.Server.Value);

    private static SealContext Place(SecretPurpose purpose, CredentialKey key, Generation? generation) =>
        new(purpose, key.User.Value, key.Server.Value, generation?.Value);

    private KeyId? UnknownKeyOf(byte[]? envelope) => envelope is null ? null : box.UnknownKeyOf(envelope);

    private bool TryOpen(byte[]? envelope, SealContext place, [NotNullWhen(true)] out string? text)
    {
        text = envelope is not null && box.Open(envelope, place) is OpenResult.Opened opened ? opened.Plaintext : null;
        return text is not null;
    }
}
