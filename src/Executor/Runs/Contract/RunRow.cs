using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;

namespace Executor.Runs;

/// <summary>The durable row of one run, without its steps.</summary>
public sealed record RunRow
{
    public required RunId Id { get; init; }

    public required UserId User { get; init; }

    public required string Name { get; init; }

    /// <summary>A JSON value.</summary>
    public required string Input { get; init; }

    public RunStatus Status { get; init; }

    /// <summary>Index of the current step; the number of steps once the run has ended well.</summary>
    public int Position { get; init; }

    public required int StepCount { get; init; }

    /// <summary>The server of the current step, so that a saturated server's runs are left in the queue.</summary>
    public McpServerId? NextServer { get; init; }

    public AwaitingReason AwaitingReason { get; init; }

    public McpServerId? AwaitedServer { get; init; }

    /// <summary>What has to change at <see cref="AwaitedServer"/>'s credential.</summary>
    public ParkCause ParkCause { get; init; }

    /// <summary>Not claimed before this, by the database's clock.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Since when the current step has been sent back to the queue for faults that may pass.</summary>
    public DateTimeOffset? BlockedSince { get; init; }

    /// <summary>What the current step waits for, while it is blocked.</summary>
    public BlockedReason? BlockedReason { get; init; }

    public bool CancelRequested { get; init; }

    /// <summary>The incarnation that runs it, while <see cref="RunStatus.Running"/>.</summary>
    public NodeRef? Owner { get; init; }

    /// <summary>Raised by every claim; a write that names an older one is refused.</summary>
    public long Fence { get; init; }

    /// <summary>Raised by every change; the <c>id:</c> of its events.</summary>
    public long Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}
