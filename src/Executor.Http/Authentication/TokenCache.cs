using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Executor.Http.Authentication;

/// <summary>
/// Tokens already checked, by their SHA-256, until they expire. Two halves bound it: when the young one is full, the old one is
/// dropped, and what is still used moves over.
/// </summary>
internal sealed class TokenCache(int halfCapacity = 8192)
{
    private readonly Lock _turn = new();
    private ConcurrentDictionary<Key, Entry> _old = new();
    private ConcurrentDictionary<Key, Entry> _young = new();

    public static Key KeyOf(string token)
    {
        Span<byte> text = token.Length <= 2048 ? stackalloc byte[token.Length * 3] : new byte[token.Length * 3];
        var length = Encoding.UTF8.GetBytes(token, text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..length], hash);
        return MemoryMarshal.Read<Key>(hash);
    }

    /// <param name="now">By the slowest clock that is believed.</param>
    /// <param name="caller">Who the token is.</param>
    public bool TryGet(Key key, DateTimeOffset now, [NotNullWhen(true)] out CallerIdentity? caller)
    {
        caller = null;
        if (!_young.TryGetValue(key, out var entry))
        {
            if (!_old.TryGetValue(key, out entry))
                return false;
            Add(key, entry.Caller, entry.ExpiresAt);
        }

        if (now >= entry.ExpiresAt)
            return false;
        caller = entry.Caller;
        return true;
    }

    public void Add(Key key, CallerIdentity caller, DateTimeOffset expiresAt)
    {
        var young = _young;
        if (!young.TryAdd(key, new Entry(caller, expiresAt)) || young.Count < halfCapacity)
            return;
        lock (_turn)
        {
            if (!ReferenceEquals(young, _young))
                return;
            _old = young;
            _young = new();
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Key(long A, long B, long C, long D);

    private readonly record struct Entry(CallerIdentity Caller, DateTimeOffset ExpiresAt);
}
