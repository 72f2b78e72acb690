namespace Executor.Runs.Transitions;

/// <summary>What is committed together with the end of a step.</summary>
internal abstract record AfterStep
{
    private AfterStep()
    {
    }

    /// <summary>The next step begins: one transaction instead of two.</summary>
    public sealed record Begin(StepRow Executing) : AfterStep;

    /// <summary>The node keeps the run; whether the next step can begin is not known yet.</summary>
    public sealed record Keep : AfterStep;

    /// <summary>Another turn, or another node: this one stops, or has no room at the next step's server.</summary>
    public sealed record Queue : AfterStep;
}
