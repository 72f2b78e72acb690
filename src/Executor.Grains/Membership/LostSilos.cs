using Executor.Nodes;
using Executor.Runs.Scheduling;

namespace Executor.Grains.Membership;

/// <summary>
/// Puts a silo's runs back into the queue as soon as the cluster declares it dead. Nobody waits until its heartbeat has stood still long
/// enough. The runs' fence protects them from a silo that was only slow.
/// </summary>
internal sealed partial class LostSilos(
    IClusterMembershipService membership, INodeRegistry registry, RunTakeover takeover, ILogger<LostSilos> logger) : BackgroundService
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
            // Of a name that lives again, those incarnations are lost whose process is gone, and its lock with it.
            var locked = (await registry.ObserveAsync(stoppingToken)).Where(node => node.LockHeld).Select(node => node.Node).ToHashSet();
            await takeover.TakeOverAsync(
                owner => lost.Contains(owner.Name) && !(IsLiving(owner.Name) && locked.Contains(owner)), stoppingToken);
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
