using Executor.Identity;

namespace Executor.Runs;

/// <summary>Routes to the owner of a run. Where owners live is the engine's business.</summary>
public interface IRuns
{
    /// <summary>Stores a run and lets it start at once. Acknowledged means durable.</summary>
    Task<StartOutcome> StartAsync(UserId user, NewRun run, IdempotencyKey? key, CancellationToken cancellationToken);

    Task<IReadOnlyList<RunRow>> ListAsync(UserId user, RunFilter filter, int limit, CancellationToken cancellationToken);

    IRunOwner For(RunId id);
}

/// <summary>One run, as its user sees and moves it. Another user's run is an unknown one.</summary>
public interface IRunOwner
{
    Task<RunRecord?> ReadAsync(UserId user, CancellationToken cancellationToken);

    Task<TriggerOutcome> TriggerAsync(UserId user, TriggerAction? action, CancellationToken cancellationToken);

    /// <summary>Reaches a call in flight, on whichever node.</summary>
    Task<CancelOutcome> CancelAsync(UserId user, CancellationToken cancellationToken);

    /// <summary>The current snapshot, then one after each change, until the run has ended. Changes in quick succession may be merged.</summary>
    IAsyncEnumerable<RunRecord> WatchAsync(UserId user, CancellationToken cancellationToken);
}

/// <param name="Input">A JSON value.</param>
public sealed record NewRun(string Name, string Input, IReadOnlyList<StepDefinition> Steps);

public abstract record StartOutcome
{
    private StartOutcome()
    {
    }

    public sealed record Started(RunRecord Run) : StartOutcome;

    /// <summary>The same request was taken before; this is its run as it is now.</summary>
    public sealed record Repeated(RunRecord Run) : StartOutcome;

    public sealed record KeyReused : StartOutcome;

    /// <summary>The run breaks a limit or names nothing that can be run; <paramref name="Reason"/> is fit for the caller.</summary>
    public sealed record Invalid(string Reason) : StartOutcome;
}

public enum TriggerAction
{
    /// <summary>Run the current step again.</summary>
    Retry,

    /// <summary>Go on with the next step.</summary>
    Skip,
}

public enum TriggerOutcome
{
    Triggered,

    /// <summary>A node is at it, or it is about to be claimed.</summary>
    AlreadyRunning,
    Unknown,
    Finished,

    /// <summary>An interrupted step waits for a decision: retry or skip.</summary>
    ActionRequired,

    /// <summary>There is nothing to decide any more: the run's end has been asked for.</summary>
    ActionNotAllowed,
}

public enum CancelOutcome
{
    Cancelled,

    /// <summary>A call is in flight; its node has been told.</summary>
    Requested,
    Unknown,
    Finished,
}
