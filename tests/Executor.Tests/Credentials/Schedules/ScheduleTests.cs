namespace Executor.Tests.Credentials.Schedules;

/// <summary>
/// Random schedules of nodes, users, faults and a provider, over the pure transitions. One seed is one schedule; a failure names it.
/// </summary>
public sealed class ScheduleTests
{
    private const int PerBlock = 500;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Schedule_with_faults_breaks_no_rule_and_comes_to_rest(int block)
    {
        for (var seed = block * PerBlock; seed < (block + 1) * PerBlock; seed++)
            new Schedule(seed, faults: true).Run();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Schedule_without_faults_replays_no_token_and_asks_nobody_to_reconnect(int block)
    {
        for (var seed = block * PerBlock; seed < (block + 1) * PerBlock; seed++)
            new Schedule(seed, faults: false).Run();
    }
}
