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
        // The table remembers deaths for days: those from before this silo's time are the heartbeat's affair.
        HashSet<SiloAddress>? known = null;
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken))
        {
            var dead = snapshot.Members.Values.Where(member => member.Status == SiloStatus.Dead).ToList();
            if (known is null)
            {
                known = [.. dead.Select(member => member.SiloAddress)];
                continue;
            }

            var lost = dead.Where(member => known.Add(member.SiloAddress)).Select(member => member.Name).ToHashSet();
            if (lost.Count > 0)
                await TakeOverAsync(lost, stoppingToken);
        }
    }

    private async Task TakeOverAsync(HashSet<string> lost, CancellationToken stoppingToken)
    {
        try
        {
            // A name that lives again says nothing about which incarnation a run is with: those are left to the heartbeat as well.
            await takeover.TakeOverAsync(owner => lost.Contains(owner.Name) && !IsLiving(owner.Name), stoppingToken);
        }
        catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
        {
            // Every silo sees the same death: whatever is wrong, they must not all end of it.
            Log.LeftToTheHeartbeat(logger, fault.GetType().Name);
        }
    }

    private bool IsLiving(string name) =>
        membership.CurrentSnapshot.Members.Values.Any(member => member.Name == name && member.Status != SiloStatus.Dead);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The runs of lost silos could not be taken over at once ({ExceptionType})")]
        public static partial void LeftToTheHeartbeat(ILogger logger, string exceptionType);
    }
}
