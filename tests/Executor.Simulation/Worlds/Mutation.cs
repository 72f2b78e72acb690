using Executor.Credentials;
using Executor.Nodes;
using Executor.Runs;
using Executor.Servers;
using Executor.Simulation.Cluster;

namespace Executor.Simulation.Worlds;

/// <summary>A way to break the product from outside, to see that the rules notice. This one breaks nothing.</summary>
internal class Mutation
{
    public static readonly Mutation None = new();

    public virtual double ClockRate => 1;

    public virtual void Configure(CredentialOptions options)
    {
    }

    /// <summary>What the servers file says.</summary>
    public virtual McpServer Server(McpServer server) => server;

    /// <summary>Between the domain and its way to the database.</summary>
    public virtual ICredentialStore Credentials(ICredentialStore store, World world, SimulatedNode node) => store;

    /// <summary>At the database itself: what it does is atomic.</summary>
    public virtual ICredentialStore CredentialsBelow(ICredentialStore store, World world) => store;

    public virtual IRunStore Runs(IRunStore store, World world, SimulatedNode node) => store;

    public virtual INodeRegistry Registry(INodeRegistry registry, World world, SimulatedNode node) => registry;

    public virtual IChangeFeed Changes(IChangeFeed changes) => changes;

    public virtual HttpMessageHandler Network(HttpMessageHandler network) => network;
}
