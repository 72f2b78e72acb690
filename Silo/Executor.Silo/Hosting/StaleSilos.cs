using Executor.Nodes;

namespace Executor.Silo.Hosting;

/// <summary>
/// A joining silo has to reach every silo that the membership table calls active, and only an active one removes the dead: after the
/// loss of all of them, none could join. So a silo that joins has those declared dead whose node is not among the living.
/// </summary>
internal sealed partial class StaleSilos(
    IClusterMembershipService membership,
    ILocalSiloDetails local,
    INodeRegistry registry,
    INodeLiveness liveness,
    TimeProvider time,
    ILogger<StaleSilos> logger) : BackgroundService
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var members = membership.CurrentSnapshot.Members;
            if (members.TryGetValue(local.SiloAddress, out var self) && self.Status == SiloStatus.Active)
                return;
            try
            {
                await RemoveAsync(members.Values.Where(member => member.Status == SiloStatus.Active), stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                Log.TriedAgain(logger, fault.GetType().Name);
            }
        }
    }

    private async Task RemoveAsync(IEnumerable<ClusterMember> active, CancellationToken stoppingToken)
    {
        // Nothing is believed of a node that this one has not itself watched for a lease.
        var nodes = await registry.ObserveAsync(stoppingToken);
        foreach (var member in active)
        {
            if (nodes.Any(sighting => sighting.Node.Name == member.Name && sighting.Node != liveness.Self && !liveness.IsSuspect(sighting.Node)))
                continue;
            Log.Removed(logger, member.Name);
            await membership.TryKill(member.SiloAddress);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {Silo} is called active, and its node is gone: it is declared dead")]
        public static partial void Removed(ILogger logger, string silo);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Looking for silos that are gone ended with {ExceptionType}; it is tried again")]
        public static partial void TriedAgain(ILogger logger, string exceptionType);
    }
}
