using Executor.Simulation.Algorithms.Bench;
using Executor.Simulation.Algorithms.Own;
using Executor.Simulation.Algorithms.Rivals;

namespace Executor.Simulation.Algorithms;

/// <summary>The competitors.</summary>
/// <param name="IsSticky">It needs every user's requests at one process, and gets them there for as long as that process lives.</param>
internal sealed record Algorithm(string Name, bool IsSticky, Func<BenchWorld, BenchNode, IRefreshAlgorithm> Start)
{
    public static readonly Algorithm Own = new("intents and generations (Executor)", IsSticky: false, (world, node) => new IntentsAndGenerations(world, node));

    public static readonly IReadOnlyList<Algorithm> All =
    [
        new("mutex in the process", IsSticky: true, (world, node) => new ProcessMutex(world, node)),
        new("lock with time-to-live", IsSticky: false, (world, node) => new ExpiringLock(world, node)),
        new("single flight, fail-closed save", IsSticky: true, (world, node) => new SingleFlight(world, node)),
        new("single active node", IsSticky: false, (world, node) => new SingleActive(world, node)),
        Own,
    ];
}
