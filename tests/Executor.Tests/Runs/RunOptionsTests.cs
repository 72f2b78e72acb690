using Executor.Runs;

namespace Executor.Tests.Runs;

public class RunOptionsTests
{
    [Fact]
    public void Options_by_default_are_valid() => Assert.True(new RunOptionsValidator().Validate(null, new RunOptions()).Succeeded);

    [Fact]
    public void Options_zero_never_disables_a_timeout()
    {
        foreach (var spoil in (Action<RunOptions>[])
        [
            options => options.StepTimeout = TimeSpan.Zero,
            options => options.StepTimeout = Timeout.InfiniteTimeSpan,
            options => options.StopTimeout = TimeSpan.Zero,
            options => options.BlockedLimit = TimeSpan.Zero,
            options => options.Sweep = TimeSpan.Zero,
            options => options.Slots = 0,
            options => options.RetentionDays = 0,
        ])
        {
            var options = new RunOptions();
            spoil(options);
            Assert.True(new RunOptionsValidator().Validate(null, options).Failed);
        }
    }
}
