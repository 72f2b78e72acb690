using System.Collections.Frozen;

namespace Executor.Storage.Databases;

/// <summary>The stored words of an enumeration: a member may be renamed in code, its word stays.</summary>
internal sealed class Words<T>(params (T Value, string Word)[] words)
    where T : struct, Enum
{
    private readonly FrozenDictionary<T, string> _words = words.ToFrozenDictionary(pair => pair.Value, pair => pair.Word);
    private readonly FrozenDictionary<string, T> _values =
        words.ToFrozenDictionary(pair => pair.Word, pair => pair.Value, StringComparer.Ordinal);

    public string Of(T value) => _words[value];

    public T Parse(string word) =>
        _values.TryGetValue(word, out var value)
            ? value
            : throw new InvalidOperationException($"A stored {typeof(T).Name} is not one that this version knows.");
}
