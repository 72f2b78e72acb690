using System.Text;

namespace Executor.Http.Authentication;

/// <summary>The secret that callers' tokens are signed with. Printing it shows nothing.</summary>
public sealed class AuthenticationSettings
{
    /// <summary>RFC 7518 §3.2: a key of the hash's size or larger.</summary>
    public const int MinimumSecretBytes = 32;

    private readonly byte[] _secret;

    public AuthenticationSettings(string secret)
    {
        _secret = Encoding.UTF8.GetBytes(secret);
        if (_secret.Length < MinimumSecretBytes)
            throw new ArgumentException($"The secret is shorter than {MinimumSecretBytes} bytes.", nameof(secret));
    }

    internal byte[] Secret => _secret;

    public override string ToString() => "(authentication secret)";
}
