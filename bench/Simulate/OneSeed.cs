using Executor.Simulation.Engine;
using Executor.Simulation.Worlds;

namespace Executor.Simulate;

internal static class OneSeed
{
    public static int Run(int seed, int steps)
    {
        try
        {
            var outcome = Schedule.Run(seed, steps, listener: Console.WriteLine);
            Console.WriteLine($"Seed {seed} breaks no rule. {new TimeSpan(outcome.Ticks)} of virtual time, trace {outcome.Hash:x16}.");
            return 0;
        }
        catch (ViolationException violation)
        {
            Console.WriteLine($"Seed {seed}: {violation.Rule} ({violation.Detail})");
            return 1;
        }
    }
}
