namespace Executor.Testing.Secrets;

/// <summary>
/// Inherited in each test project by a class whose collection does not run in parallel: those run after all the others.
/// </summary>
public abstract class SecretWatchVerdict
{
    [Fact]
    public void Nothing_that_was_said_or_stored_in_the_clear_during_the_run_held_a_secret() =>
        Assert.True(SecretWatch.OfThisRun.Leaks.Count == 0, string.Join("\n\n", SecretWatch.OfThisRun.Leaks.Take(20)));
}
