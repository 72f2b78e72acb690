using Executor.Simulation.Engine;
using Executor.Simulation.Worlds;

namespace Executor.Simulation;

/// <summary>Some of the seeds that <c>bench/Simulate</c> runs by the million.</summary>
public sealed class ScheduleTests
{
    private const int PerBlock = 750;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Schedule_breaks_no_rule_and_comes_to_rest(int block)
    {
        for (var seed = block * PerBlock; seed < (block + 1) * PerBlock; seed++)
            Schedule.Run(seed);
    }

    [Fact]
    public void Seed_means_the_same_world_each_time_whatever_ran_before()
    {
        int[] seeds = [3, 5, 8, 13, 21];
        var first = seeds.Select(seed => Schedule.Run(seed)).ToList();
        var again = seeds.Reverse().Select(seed => Schedule.Run(seed)).Reverse().ToList();
        Assert.Equal(first.Select(outcome => (outcome.Hash, outcome.Ticks)), again.Select(outcome => (outcome.Hash, outcome.Ticks)));
        Assert.Equal(seeds.Length, first.Select(outcome => outcome.Hash).Distinct().Count());
    }

    [Fact]
    public void Seed_means_the_same_world_on_any_thread()
    {
        const int seed = 34;
        var here = Schedule.Run(seed).Hash;
        ulong there = 0;
        var thread = new Thread(() => there = Schedule.Run(seed).Hash);
        thread.Start();
        thread.Join();
        Assert.Equal(here, there);
    }

    [Fact]
    public void World_with_another_seed_in_between_is_told_by_its_trace()
    {
        var lines = new List<string>();
        Schedule.Run(55, listener: lines.Add);
        var again = new List<string>();
        Schedule.Run(56);
        Schedule.Run(55, listener: again.Add);
        Assert.Equal(lines, again);
    }

    [Fact]
    public void Broken_rule_names_the_seed_the_rule_and_what_led_to_it()
    {
        var violation = Assert.Throws<ViolationException>(() =>
        {
            for (var seed = 0; seed < 200; seed++)
                Schedule.Run(seed, mutation: new Mutants.ReusedGenerations());
        });
        Assert.Contains($"Seed {violation.Seed}", violation.Message, StringComparison.Ordinal);
        Assert.Contains(violation.Rule, violation.Message, StringComparison.Ordinal);
        Assert.Contains("database", violation.Message, StringComparison.Ordinal);
        var repeated = Assert.Throws<ViolationException>(() => Schedule.Run(violation.Seed, mutation: new Mutants.ReusedGenerations()));
        Assert.Equal(violation.Message, repeated.Message);
    }
}
