using System.Security.Cryptography;

namespace Executor.Security;

/// <summary>What a database keeps of a key, to recognise it: derived one-way.</summary>
public readonly record struct KeyCheck(KeyId Id, ReadOnlyMemory<byte> Value)
{
    public bool Is(KeyId id, ReadOnlySpan<byte> value) => id == Id && CryptographicOperations.FixedTimeEquals(Value.Span, value);

    public override string ToString() => Id.ToString();
}
