namespace Executor.Runs;

/// <summary>Lets this node's runs go, so that it can stop.</summary>
public interface IRunDrain
{
    /// <summary>
    /// Claims nothing more and puts runs back between two steps. Calls in flight get <see cref="RunOptions.StopTimeout"/> and are then
    /// ended: such a run is taken over elsewhere as if its node had died. Completes when no run is this node's any more.
    /// </summary>
    Task DrainAsync();
}
