using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Executor.Storage.Nodes;

internal static class Incarnation
{
    /// <summary>63 random bits, positive: never drawn twice, by whomever.</summary>
    public static long Draw()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return (BinaryPrimitives.ReadInt64LittleEndian(bytes) & long.MaxValue) | 1;
    }
}
