using Executor.Nodes;

namespace Executor.Simulation.Rules;

/// <summary>A committed beginning of a step, and what became of its call.</summary>
internal sealed class BegunStep(NodeRef owner)
{
    public NodeRef Owner => owner;

    public int Executions { get; private set; }

    /// <summary>Calls that may still reach the tool.</summary>
    public int InFlight { get; private set; }

    /// <summary>It was written down that nothing had been begun after all.</summary>
    public bool IsTakenBack { get; set; }

    /// <summary>The user has said since that the step may run, whatever this one has done or may still do.</summary>
    public bool IsForgiven { get; set; }

    public bool IsCalled { get; private set; }

    public void Called() => IsCalled = true;

    public void Sent() => InFlight++;

    /// <summary>By a 401: nothing ran, and it may be called again with another token.</summary>
    public void TurnedAway() => (InFlight, IsCalled) = (InFlight - 1, false);

    public void Executed() => (InFlight, Executions) = (InFlight - 1, Executions + 1);
}
