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

internal sealed class RunPlacementDirector(
    IRunStore store, IClusterMembershipService membership) : IPlacementDirector
{
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
        try
        {
            return (await store.FindAsync(run, CancellationToken.None))?.Owner?.Name;
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }
}
