using Executor.Simulation.Worlds;

namespace Executor.Simulation;

public sealed class ScheduleTests
{
    [Fact]
    public void Schedules_break_no_rule()
    {
        for (var seed = 0; seed < 100; seed++)
            Schedule.Run(seed);
    }
}
