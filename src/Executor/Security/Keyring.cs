using System.Diagnostics.CodeAnalysis;

namespace Executor.Security;

/// <summary>The key that seals, and the retired ones that only open what they sealed. Immutable.</summary>
public sealed class Keyring
{
    private readonly Dictionary<KeyId, EncryptionKey> _keys = [];

    private Keyring(EncryptionKey? current, IEnumerable<EncryptionKey> retired)
    {
        Current = current;
        foreach (var key in retired)
            _keys[key.Id] = key;
        if (current is not null)
            _keys[current.Id] = current;
        Checks = [.. _keys.Values.OrderByDescending(key => key == current).Select(key => new KeyCheck(key.Id, key.CheckValue))];
    }

    /// <summary>Of every key, the current one first.</summary>
    public IReadOnlyList<KeyCheck> Checks { get; }

    /// <summary>Whether there is a current key. Retired keys alone do not count: see <see cref="OpenResult.KeyMissing"/>.</summary>
    [MemberNotNullWhen(true, nameof(Current))]
    public bool HasKey => Current is not null;

    public KeyId? CurrentId => Current?.Id;

    internal EncryptionKey? Current { get; }

    internal IReadOnlyCollection<EncryptionKey> All => _keys.Values;

    /// <summary>An empty text is an absent key, as an environment variable set to nothing is.</summary>
    /// <exception cref="InvalidEncryptionKeyException">A text is not a key; the message tells which one, not what it says.</exception>
    public static Keyring Create(string? current, IEnumerable<string> retired) => new(
        string.IsNullOrEmpty(current) ? null : Parse(current, "The encryption key"),
        [.. retired
            .Select((text, index) => (text, name: $"Retired encryption key {index + 1}"))
            .Where(key => !string.IsNullOrEmpty(key.text))
            .Select(key => Parse(key.text, key.name))]);

    internal bool TryFind(KeyId id, [NotNullWhen(true)] out EncryptionKey? key) => _keys.TryGetValue(id, out key);

    private static EncryptionKey Parse(string text, string name) =>
        EncryptionKey.TryParse(text, out var key) ? key : throw new InvalidEncryptionKeyException(name);
}
