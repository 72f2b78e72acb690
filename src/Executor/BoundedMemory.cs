using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Executor;

/// <summary>
/// What a node remembers beside the store, and may forget. When there are so many entries, all of them go. It is for what users can make
/// any number of. Safe for concurrent use, which may go over the bound by as many as add at once.
/// </summary>
public sealed class BoundedMemory<TKey, TValue>(int most)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, TValue> _entries = new();

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => _entries.TryGetValue(key, out value);

    public bool TryAdd(TKey key, TValue value)
    {
        MakeRoom();
        return _entries.TryAdd(key, value);
    }

    public void Set(TKey key, TValue value)
    {
        MakeRoom();
        _entries[key] = value;
    }

    public TValue GetOrAdd(TKey key, Func<TKey, TValue> make)
    {
        MakeRoom();
        return _entries.GetOrAdd(key, make);
    }

    public bool Remove(TKey key) => _entries.TryRemove(key, out _);

    private void MakeRoom()
    {
        if (_entries.Count >= most)
            _entries.Clear();
    }
}
