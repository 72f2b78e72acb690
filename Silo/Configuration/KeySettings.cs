using System.Text;
using Executor.Security;

namespace Executor.Silo.Configuration;

/// <summary>
/// The encryption keys. None of them may be the authentication secret in another spelling: whoever signs tokens must not read
/// credentials.
/// </summary>
internal static class KeySettings
{
    public static Keyring Read(SettingValues values)
    {
        var current = values.Find(Settings.EncryptionKey);
        var retired = (values.Find(Settings.RetiredKeys) ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (values.Find(Settings.AuthSecret) is { } secret)
        {
            RefuseSecret(values, Settings.EncryptionKey, current, secret);
            foreach (var key in retired)
                RefuseSecret(values, Settings.RetiredKeys, key, secret);
        }

        if (current is not null && !EncryptionKey.TryParse(current, out _))
        {
            values.Refuse(Settings.EncryptionKey, "must be 32 bytes, written as 64 hex digits or as base64.");
            current = null;
        }

        for (var i = 0; i < retired.Length; i++)
        {
            if (!EncryptionKey.TryParse(retired[i], out _))
            {
                values.Refuse(Settings.RetiredKeys, $"key {i + 1} must be 32 bytes, written as 64 hex digits or as base64.");
                retired[i] = "";
            }
        }

        return Keyring.Create(current, retired);
    }

    private static void RefuseSecret(SettingValues values, Setting setting, string? key, string secret)
    {
        if (key is not null && Readings(key).Intersect(Readings(secret), StringComparer.Ordinal).Any())
            values.Refuse(setting, $"must differ from {Settings.AuthSecret.Name}, however either is written.");
    }

    /// <summary>Every sequence of bytes that the text may stand for, as hex.</summary>
    private static IEnumerable<string> Readings(string text)
    {
        yield return Convert.ToHexString(Encoding.UTF8.GetBytes(text));
        var bytes = new byte[text.Length];
        if (text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out var length) == System.Buffers.OperationStatus.Done)
            yield return Convert.ToHexString(bytes, 0, length);
        if (Convert.TryFromBase64String(text, bytes, out length))
            yield return Convert.ToHexString(bytes, 0, length);
    }
}
