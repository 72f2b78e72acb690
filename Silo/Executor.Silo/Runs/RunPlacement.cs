using Executor.Runs;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Executor.Silo.Runs;

/// <summary>On the silo that drives the run; where nobody does, on the caller's.</summary>
internal sealed class RunPlacement : PlacementStrategy
{
    public static readonly RunPlacement Instance = new();
}

[AttributeUsage(AttributeTargets.Class)]
internal sealed class RunPlacementAttribute() : PlacementAttribute(RunPlacement.Instance);

internal sealed partial class RunPlacementDirector(
    IRunStore store, IClusterMembershipService membership, ILogger<RunPlacementDirector> logger) : IPlacementDirector
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        var driver = await FindDriverAsync(new RunId(target.GrainIdentity.GetGuidKey()));
        foreach (var silo in silos)
        {
            if (driver is not null && membership.CurrentSnapshot.Members.TryGetValue(silo, out var member) && member.Name == driver)
                return silo;
        }

        return silos.Contains(context.LocalSilo) ? context.LocalSilo : silos[Random.Shared.Next(silos.Length)];
    }

    private async Task<string?> FindDriverAsync(RunId run)
    {
        using var limit = new CancellationTokenSource(_patience);
        try
        {
            return (await store.FindAsync(run, limit.Token))?.Owner?.Name;
        }
        catch (Exception fault)
        {
            // Elsewhere costs a notification; nowhere would cost the call.
            Log.NotFound(logger, fault.GetType().Name);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "A run's driver could not be looked up ({ExceptionType}): the call is handled by the caller's silo")]
        public static partial void NotFound(ILogger logger, string exceptionType);
    }
}
