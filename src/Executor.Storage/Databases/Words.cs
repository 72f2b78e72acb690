using System.Collections.Frozen;

namespace Executor.Storage.Databases;

/// <summary>The stored words of an enumeration: a member may be renamed in code, its word stays.</summary>
internal sealed class Words<T>
    where T : struct, Enum
{
    private readonly FrozenDictionary<T, string> _words;
    private readonly FrozenDictionary<string, T> _values;

    public Words(params (T Value, string Word)[] words)
    {
        _words = words.ToFrozenDictionary(pair => pair.Value, pair => pair.Word);
        _values = words.ToFrozenDictionary(pair => pair.Word, pair => pair.Value, StringComparer.Ordinal);

        // A member without a word would be found out when a decision could not be written: too late for a refresh's result.
        if (Enum.GetValues<T>().FirstOrDefault(value => !_words.ContainsKey(value)) is var missing && !_words.ContainsKey(missing))
            throw new InvalidOperationException($"{typeof(T).Name}.{missing} has no stored word.");
    }

    public string Of(T value) => _words[value];

    public T Parse(string word) =>
        _values.TryGetValue(word, out var value)
            ? value
            : throw new InvalidOperationException($"A stored {typeof(T).Name} is not one that this version knows.");
}
