using System.Buffers.Binary;
using Executor.Runs;

namespace Executor.Simulation.Store;

/// <summary>
/// The order of run ids, which begin with the millisecond of their creation. The random rest decides nothing here: of two runs
/// made in the same millisecond the one inserted first comes first.
/// </summary>
internal readonly record struct RunOrder(long CreatedAt, long Sequence)
{
    public static readonly IComparer<RunOrder> Comparer = Comparer<RunOrder>.Create(Compare);

    public static RunOrder Of(RunId id, long sequence) => new(CreatedAtOf(id), sequence);

    public static long CreatedAtOf(RunId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
    }

    private static int Compare(RunOrder x, RunOrder y) =>
        x.CreatedAt != y.CreatedAt ? x.CreatedAt.CompareTo(y.CreatedAt) : x.Sequence.CompareTo(y.Sequence);
}
