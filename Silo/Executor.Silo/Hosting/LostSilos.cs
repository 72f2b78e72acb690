using Executor.Runs.Scheduling;

namespace Executor.Silo.Hosting;

/// <summary>
/// Puts the runs of a silo that the cluster has declared dead back into the queue at once, not when its heartbeat has stood still
/// long enough: their fence protects them from a silo that was only slow.
/// </summary>
internal sealed partial class LostSilos(
    IClusterMembershipService membership, RunTakeover takeover, ILogger<LostSilos> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var known = new HashSet<SiloAddress>();
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken))
        {
            var living = snapshot.Members.Values.Where(member => member.Status != SiloStatus.Dead).Select(member => member.Name).ToHashSet();
            var dead = snapshot.Members.Values.Where(member => member.Status == SiloStatus.Dead && known.Add(member.SiloAddress)).ToList();

            // A name that lives again says nothing about which incarnation a run is with: those are left to the heartbeat.
            var lost = dead.Select(member => member.Name).Where(name => !living.Contains(name)).ToHashSet();
            if (lost.Count > 0)
                await TakeOverAsync(lost, stoppingToken);
        }
    }

    private async Task TakeOverAsync(HashSet<string> lost, CancellationToken stoppingToken)
    {
        try
        {
            await takeover.TakeOverAsync(owner => lost.Contains(owner.Name), stoppingToken);
        }
        catch (StoreUnavailableException)
        {
            Log.LeftToTheHeartbeat(logger);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The runs of lost silos could not be taken over at once: the database is not available")]
        public static partial void LeftToTheHeartbeat(ILogger logger);
    }
}
