using Microsoft.Extensions.Hosting;

namespace Executor.Nodes;

/// <summary>
/// Enters the registry before anything else starts, and beats until everything else has stopped. Hosted services stop in the reverse of
/// the order in which they were added.
/// </summary>
internal sealed class NodeHeart(NodeLiveness liveness, IDetachedWork detached, NodeState state, TimeProvider time) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await liveness.StartAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        state.MoveTo(NodePhase.Draining);
        try
        {
            await detached.WhenIdleAsync(cancellationToken);
            await base.StopAsync(cancellationToken);

            // Only now is the goodbye true. Without it others wait until the lock has been free for a lease.
            await liveness.LeaveAsync(cancellationToken);
        }
        catch (Exception late) when (late is OperationCanceledException or StoreUnavailableException)
        {
            await base.StopAsync(CancellationToken.None);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!liveness.IsAlone)
        {
            await Task.Delay(liveness.Pause, time, stoppingToken);
            await liveness.TickAsync(stoppingToken);
        }
    }
}
