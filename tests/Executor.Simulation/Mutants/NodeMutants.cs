using System.Runtime.CompilerServices;
using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Nodes;
using Executor.Servers;
using Executor.Simulation.Cluster;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Mutants;

internal static class NodeMutants
{
    internal abstract class LyingRegistry(INodeRegistry registry) : INodeRegistry
    {
        public Task<NodeRef> EnterAsync(string name, CancellationToken cancellationToken) => registry.EnterAsync(name, cancellationToken);

        public virtual bool HoldsLock(NodeRef node) => registry.HoldsLock(node);

        public Task<bool> RetakeLockAsync(NodeRef node, CancellationToken cancellationToken) => registry.RetakeLockAsync(node, cancellationToken);

        public Task BeatAsync(NodeRef node, CancellationToken cancellationToken) => registry.BeatAsync(node, cancellationToken);

        public virtual Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken) => registry.ObserveAsync(cancellationToken);

        public Task MarkGoneAsync(NodeRef node, CancellationToken cancellationToken) => registry.MarkGoneAsync(node, cancellationToken);

        public Task LeaveAsync(NodeRef node, CancellationToken cancellationToken) => registry.LeaveAsync(node, cancellationToken);
    }

    /// <summary>Takes its lock for held, whatever became of the connection.</summary>
    internal sealed class AlwaysHolds(INodeRegistry registry) : LyingRegistry(registry)
    {
        public override bool HoldsLock(NodeRef node) => true;
    }

    /// <summary>Sees nobody's lock.</summary>
    internal sealed class SeesNoLock(INodeRegistry registry) : LyingRegistry(registry)
    {
        public override async Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken) =>
            [.. (await base.ObserveAsync(cancellationToken)).Select(sighting => sighting with { LockHeld = false })];
    }
}

/// <summary>Everybody's lock looks free.</summary>
internal sealed class UnseenLocks : Mutation
{
    public override INodeRegistry Registry(INodeRegistry registry, World world, SimulatedNode node) => new NodeMutants.SeesNoLock(registry);
}

/// <summary>A monotonic clock that runs four times too fast: a lease is over before it is.</summary>
internal sealed class FastClock : Mutation
{
    public override double ClockRate => 4;
}

/// <summary>A monotonic clock that runs ten times too slowly: a permit never ends.</summary>
internal sealed class SlowClock : Mutation
{
    public override double ClockRate => 0.1;
}

/// <summary>Nobody is told of changes, and nobody looks.</summary>
internal sealed class BlindReader : Mutation
{
    public override void Configure(CredentialOptions options) => options.Revalidation = TimeSpan.FromDays(1);

    public override IChangeFeed Changes(IChangeFeed changes) => new Silence();

    private sealed class Silence : IChangeFeed, IDisposable
    {
        public IDisposable Subscribe(Action<Change> handler) => this;

        public void Publish(Change change)
        {
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>The servers file calls every provider tolerant.</summary>
internal sealed class Carelessness : Mutation
{
    public override McpServer Server(McpServer server) =>
        server with { Auth = ((McpServerAuth.OAuth2)server.Auth) with { Replay = RefreshReplay.NoRotation } };
}

/// <summary>A transport that sends once more by itself when the connection broke.</summary>
internal sealed class RetryingTransport : Mutation
{
    public override HttpMessageHandler Network(HttpMessageHandler network) => new Handler(network);

    private sealed class Handler(HttpMessageHandler network) : DelegatingHandler(network)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var copy = new MemoryStream();
            await Providers.TokenNetwork.Serialize(request.Content!, copy, null, cancellationToken);
            request.Content = new ByteArrayContent(copy.ToArray());
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException)
            {
                return await base.SendAsync(request, cancellationToken);
            }
        }
    }
}

/// <summary>A transport that does not ask for the permit.</summary>
internal sealed class EagerTransport : Mutation
{
    public override HttpMessageHandler Network(HttpMessageHandler network) => new Handler(network);

    private sealed class Handler(HttpMessageHandler network) : DelegatingHandler(network)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Content = new ByteArrayContent(Body((PermittedContent)request.Content!));
            return base.SendAsync(request, cancellationToken);
        }

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_body")]
        private static extern ref byte[] Body(PermittedContent content);
    }
}
