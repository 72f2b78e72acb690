using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Credentials.Pacing;
using Executor.Credentials.Refresh;
using Executor.Nodes;
using Executor.Runs.Driving;
using Executor.Runs.Owner;
using Executor.Runs.Scheduling;
using Executor.Servers;
using Executor.Simulation.Engine;
using Executor.Simulation.Links;
using Executor.Simulation.Providers;
using Executor.Simulation.Tools;
using Executor.Simulation.Worlds;
using Executor.Testing.Engine;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Executor.Simulation.Cluster;

/// <summary>The domain's services of one node, by hand: a container costs more than a whole schedule.</summary>
internal sealed class NodeParts
{
    public NodeParts(World world, SimulatedNode node)
    {
        var link = new NodeLink(world, node);
        var credentials = world.Mutation.Credentials(new LinkedCredentials(link, world, node), world, node);
        var runs = world.Mutation.Runs(new LinkedRuns(link, node), world, node);
        var registry = world.Mutation.Registry(new LinkedRegistry(link, node), world, node);
        var changes = world.Mutation.Changes(node.Session.Changes);
        var options = Options.Create(new NodeOptions { Name = node.Name, Lease = Plan.Lease });
        var random = new DiceRandom(node.Dice.Split());
        var time = node.Clock;

        State = new NodeState();
        Liveness = new NodeLiveness(registry, State, time, options, new Watch<NodeLiveness>(world, node));
        var alarms = new CredentialAlarms(new Watch<CredentialAlarms>(world, node));
        var targets = new RefreshTargets(world.Catalog, options, world.CredentialOptions);
        var network = world.Mutation.Network(new TokenNetwork(world, node));
        var redeemer = new Redeemer(
            credentials,
            Shared.Vault,
            new TokenEndpointClient(new HttpMessageInvoker(network), time),
            Shared.Guard,
            options,
            world.CredentialOptions,
            time,
            random,
            Shared.RefreshMetrics,
            new RefusedResources(time),
            alarms,
            new Watch<Redeemer>(world, node));
        var opener = new IntentOpener(credentials, Shared.Vault, redeemer, alarms, node.Work, options, time);
        var gate = new RefreshGate(world.CredentialOptions, State, Shared.RefreshMetrics, time);
        var flight = new RefreshFlight(
            credentials, opener, redeemer, gate, targets, Liveness, State, node.Work, world.CredentialOptions, time, random);
        Directories = [.. Enumerable.Range(0, world.Plan.DirectoriesPerNode).Select(_ => new DirectCredentials(new LocalOwners(
            credentials, Shared.Vault, Shared.Guard, flight, targets, node.Work, alarms, changes, world.CredentialOptions, time, random)))];
        var probes = new ProbeSweep(credentials, random, new Watch<ProbeSweep>(world, node));
        var recovery = new CredentialRecovery(
            credentials, Directories[0], probes, Liveness, world.CredentialOptions, time, new Watch<CredentialRecovery>(world, node));
        Mcp = new AuthorizedMcp(Directories[0], new SimulatedGateway(world, node));
        Runs = new LocalRuns(runs, changes, world.RunOptions, time);
        Services = [new NodeHeart(Liveness, node.Work, State, time), recovery];
        if (!world.Plan.HasRuns)
            return;

        var writer = new RunWriter(runs, time, random, new Watch<RunWriter>(world, node));
        var parts = new DriverParts(
            writer,
            new StepRenderer(world.Catalog, writer),
            new UnknownOutcome(world.Catalog, Mcp),
            Mcp,
            Liveness,
            world.RunOptions,
            Shared.RunMetrics,
            new RunProgress(),
            time,
            random);
        var signal = new SchedulerSignal(time);
        var slots = new RunSlots(world.RunOptions.Value, signal.Signal);
        var crew = new RunCrew(parts, new DirectRunHost(), node.Work, new Watch<RunDriver>(world, node));
        var claimer = new RunClaimer(runs, Liveness, crew, slots, Shared.RunMetrics, new Watch<RunClaimer>(world, node));
        Scheduler = new RunScheduler(
            claimer, crew, signal, changes, State, world.RunOptions, time, new Watch<RunScheduler>(world, node));
        var takeover = new RunTakeover(runs, Liveness, Shared.RunMetrics, options, time, new Watch<RunTakeover>(world, node));
        Services = [.. Services, takeover, Scheduler];
    }

    public NodeState State { get; }

    public NodeLiveness Liveness { get; }

    public IReadOnlyList<DirectCredentials> Directories { get; }

    public AuthorizedMcp Mcp { get; }

    public LocalRuns Runs { get; }

    public RunScheduler? Scheduler { get; }

    /// <summary>In the order of their start.</summary>
    public IReadOnlyList<BackgroundService> Services { get; }
}
