using System.Buffers.Binary;
using System.Globalization;

namespace Executor.Security;

/// <summary>Names a key in envelopes, logs and health answers. Derived one-way, so it tells nothing of the key.</summary>
public readonly record struct KeyId(ulong Value)
{
    internal const int Size = sizeof(ulong);

    public static KeyId? TryParse(string? text) =>
        text?.Length == 2 * Size && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? new KeyId(value)
            : null;

    public override string ToString() => Value.ToString("x16");

    internal static KeyId Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt64BigEndian(source));

    internal void Write(Span<byte> target) => BinaryPrimitives.WriteUInt64BigEndian(target, Value);
}
