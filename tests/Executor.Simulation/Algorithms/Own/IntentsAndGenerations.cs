using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Credentials.Pacing;
using Executor.Credentials.Refresh;
using Executor.Nodes;
using Executor.Servers;
using Executor.Simulation.Algorithms.Bench;
using Executor.Simulation.Cluster;
using Executor.Simulation.Store;
using Executor.Testing.Engine;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Executor.Simulation.Algorithms.Own;

/// <summary>
/// Executor's own: the product's code with its defaults, on the model of its database. A write-ahead intent before every request,
/// generations that decide what may be stored, and an owner that is waited for, or known to be gone, before anybody asks again.
/// </summary>
internal sealed class IntentsAndGenerations : IRefreshAlgorithm, IDisposable
{
    private static readonly IOptions<CredentialOptions> Settings = Options.Create(new CredentialOptions());

    private readonly BenchNode _node;
    private readonly BenchWorld _world;
    private readonly NodeState _state = new();
    private readonly NodeLiveness _liveness;
    private readonly LocalOwners _owners;
    private readonly DirectCredentials _credentials;
    private readonly IReadOnlyList<BackgroundService> _services;

    public IntentsAndGenerations(BenchWorld world, BenchNode node)
    {
        (_world, _node) = (world, node);
        var session = world.Model.Open();
        node.Died = () =>
        {
            session.Kill();
            Dispose();
        };
        node.ConnectionsLost = session.Cut;
        var credentials = new BenchCredentialStore(world, node, session.Credentials);
        var options = Options.Create(new NodeOptions { Name = $"node-{node.Place}" });
        var time = node.Clock;
        _liveness = new NodeLiveness(
            new BenchNodeRegistry(world, node, session.Nodes), _state, time, options, NullLogger<NodeLiveness>.Instance);
        var targets = new RefreshTargets(Catalog(world.Provider), options, Settings);
        var endpoint = new TokenEndpointClient(new HttpMessageInvoker(new BenchHandler(world, node)), time);
        var alarms = new CredentialAlarms(NullLogger<CredentialAlarms>.Instance);
        var redeemer = new Redeemer(
            credentials,
            Shared.Vault,
            endpoint,
            Shared.Guard,
            options,
            Settings,
            time,
            node.Random,
            Shared.RefreshMetrics,
            new RefusedResources(time),
            alarms,
            NullLogger<Redeemer>.Instance);
        var opener = new IntentOpener(credentials, Shared.Vault, redeemer, alarms, node.Work, options, time);
        var gate = new RefreshGate(Settings, _state, Shared.RefreshMetrics, time);
        var flight = new RefreshFlight(
            credentials, opener, redeemer, gate, targets, _liveness, _state, node.Work, Settings, time, node.Random);
        _owners = new LocalOwners(
            credentials, Shared.Vault, Shared.Guard, flight, targets, node.Work, alarms, session.Changes, Settings, time, node.Random);
        _credentials = new DirectCredentials(_owners);
        var recovery = new CredentialRecovery(
            credentials, _credentials, new ProbeSweep(credentials, node.Random, NullLogger<ProbeSweep>.Instance), _liveness, Settings, time, NullLogger<CredentialRecovery>.Instance);
        _services = [new NodeHeart(_liveness, node.Work, _state, time), recovery];
    }

    public void Dispose()
    {
        _owners.Dispose();
        _state.Dispose();
    }

    public async Task StartAsync()
    {
        while (true)
        {
            try
            {
                await _liveness.StartAsync(CancellationToken.None);
                break;
            }
            catch (StoreUnavailableException)
            {
                await _node.Delay(TimeSpan.FromSeconds(1)); // as whatever starts processes again
            }
        }

        _state.MoveTo(NodePhase.Running);
        foreach (var service in _services)
            _ = ServiceLoops.Execute(service, CancellationToken.None);
    }

    public Task ConnectAsync(CredentialKey key, string refreshToken) => _credentials.For(key).DepositAsync(
        new Deposit(new RefreshToken(refreshToken), BenchHandler.EndpointOf(key), "app"), CancellationToken.None);

    public async Task<TokenAnswer> GetTokenAsync(CredentialKey key)
    {
        try
        {
            return await _credentials.For(key).GetTokenAsync(CancellationToken.None) switch
            {
                TokenOutcome.Issued => TokenAnswer.Issued,
                TokenOutcome.NeedsReauth => TokenAnswer.Reconnect,
                _ => TokenAnswer.Unavailable,
            };
        }
        catch (StoreUnavailableException)
        {
            return TokenAnswer.Unavailable;
        }
    }

    private static McpServerCatalog Catalog(ProviderKind provider) => new(
    [
        new McpServer(
            BenchWorld.Server,
            new Uri("https://provider.example.com/mcp"),
            new Dictionary<string, string>(StringComparer.Ordinal),
            new McpServerAuth.OAuth2(null, provider.Replay, [])),
    ]);
}
