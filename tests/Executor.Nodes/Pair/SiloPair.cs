using System.Collections.Concurrent;
using Executor.Credentials;
using Executor.Grains;
using Executor.Identity;
using Executor.Mcp;
using Executor.Nodes;
using Executor.Runs;
using Executor.Sandbox;
using Executor.Sandbox.OAuth;
using Executor.Security;
using Executor.Security.Endpoints;
using Executor.Servers;
using Executor.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Executor.Nodes.Pair;

/// <summary>Two silos in this process, each with a node's services, over one PostgreSQL schema, with the sandbox as their world.</summary>
internal sealed class SiloPair : IAsyncDisposable
{
    public static readonly McpServerId Server = McpServerId.From("crm");

    private static readonly ConcurrentDictionary<string, World> Worlds = new();
    private static readonly Dictionary<string, string> NoHeaders = [];

    private readonly World _world;

    private SiloPair(World world, TestCluster cluster)
    {
        _world = world;
        Cluster = cluster;
    }

    public TestCluster Cluster { get; }

    public SandboxHost Sandbox => _world.Sandbox;

    public InProcessSiloHandle First => (InProcessSiloHandle)Cluster.Primary!;

    public InProcessSiloHandle Second => (InProcessSiloHandle)Cluster.SecondarySilos[0];

    /// <param name="lease">After which a node whose heartbeat stands still is taken for lost.</param>
    /// <param name="youngCall">For how long a call's driver heeds no notification.</param>
    public static async Task<SiloPair> StartAsync(TimeSpan? lease = null, TimeSpan? youngCall = null)
    {
        var postgres = await PrivatePostgres.GetAsync();
        var schema = $"pair_{Guid.NewGuid():N}";
        var world = new World(
            await SandboxHost.StartAsync(),
            new StorageProvider.Postgres(postgres.ConnectionString(), schema),
            lease ?? new NodeOptions().Lease,
            youngCall ?? new RunOptions().YoungCall);
        Worlds[schema] = world;
        var builder = new TestClusterBuilder(initialSilosCount: 2);
        builder.Properties[nameof(World)] = schema;
        builder.AddSiloBuilderConfigurator<NodeServicesOfSilo>();
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new SiloPair(world, cluster);
    }

    public static CredentialKey Key(long user) => new(UserId.From(user), Server);

    public async Task<MintedGrant> DepositAsync(InProcessSiloHandle through, long user, ProviderBehaviour? behaviour = null)
    {
        var grant = Sandbox.OAuth.Mint(new MintGrant { Behaviour = behaviour, User = $"{user}" });
        var deposit = new Deposit(new RefreshToken(grant.RefreshToken), Sandbox.TokenEndpoint.ToString(), "sandbox-client");
        Assert.IsType<DepositOutcome.Stored>(await OwnerAt(through, user).DepositAsync(deposit, default));
        return grant;
    }

    /// <summary>The user's credential, as a caller at the silo reaches it.</summary>
    public static ICredentialOwner OwnerAt(InProcessSiloHandle silo, long user) =>
        silo.ServiceProvider.GetRequiredService<ICredentials>().For(Key(user));

    public static IRuns RunsAt(InProcessSiloHandle silo) => silo.ServiceProvider.GetRequiredService<IRuns>();

    /// <summary>On all silos.</summary>
    public async Task<int> CountActivationsAsync<TGrain>() => (await ActivationsAsync<TGrain>()).Values.Sum();

    public async Task<Dictionary<SiloAddress, int>> ActivationsAsync<TGrain>()
    {
        var management = First.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        var activations = await management.GetDetailedGrainStatistics();
        return activations.Where(activation => activation.GrainType.Contains(typeof(TGrain).Name, StringComparison.Ordinal))
            .CountBy(activation => activation.SiloAddress)
            .ToDictionary();
    }

    /// <summary>
    /// Makes the cluster forget where a grain is, as it may when its members change: the next call at another silo activates it a second
    /// time. Orleans has no door for it; what is used is inside.
    /// </summary>
    public async Task ForgetAsync(GrainId grain)
    {
        var locators = typeof(Orleans.Runtime.Silo).Assembly.GetType("Orleans.Runtime.GrainDirectory.GrainLocator", throwOnError: true)!;
        var unregister = locators.GetMethod("Unregister")!;
        var force = Enum.Parse(unregister.GetParameters()[1].ParameterType, "Force");
        foreach (var silo in new[] { First, Second })
        {
            var locator = silo.ServiceProvider.GetRequiredService(locators);
            var address = await (ValueTask<GrainAddress?>)locators.GetMethod("Lookup")!.Invoke(locator, [grain])!;
            if (address is not null)
                await (Task)unregister.Invoke(locator, [address, force])!;
            locators.GetMethod("InvalidateCache", [typeof(GrainId)])!.Invoke(locator, [grain]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Sandbox.OAuth.Release();
        Sandbox.Mcp.Release();
        await Cluster.StopAllSilosAsync();
        await Cluster.DisposeAsync();
        Worlds.TryRemove(_world.Postgres.Schema, out _);
        await _world.Sandbox.DisposeAsync();
        await using var connection = new NpgsqlConnection(_world.Postgres.ConnectionString);
        await connection.OpenAsync();
        await using var drop = new NpgsqlCommand($"DROP SCHEMA IF EXISTS \"{_world.Postgres.Schema}\" CASCADE", connection);
        await drop.ExecuteNonQueryAsync();
    }

    private sealed record World(SandboxHost Sandbox, StorageProvider.Postgres Postgres, TimeSpan Lease, TimeSpan YoungCall);

    private sealed class NodeServicesOfSilo : IHostConfigurator, ISiloConfigurator
    {
        public void Configure(IHostBuilder hostBuilder) => hostBuilder.ConfigureServices((context, services) =>
        {
            var world = Worlds[context.Configuration[nameof(World)]!];
            services.AddMetrics();
            services.AddSingleton(Keyring.Create(TestTokens.EncryptionKey, []));
            services.AddSingleton<IMcpServerCatalog>(new McpServerCatalog(
                [new McpServer(Server, world.Sandbox.McpEndpoint, NoHeaders, new McpServerAuth.OAuth2(null, RefreshReplay.Strict, []))]));
            services.AddSingleton(new EndpointGuard(EndpointPolicy.Development));
            services.AddExecutorStorage(new StorageOptions(world.Postgres));
            services.AddHostedService<OpenDatabase>();
            services.AddExecutorNodes();
            services.Configure<NodeOptions>(node => (node.Name, node.Lease) = ($"silo-{Guid.NewGuid():N}", world.Lease));
            services.AddHostedService<OpenNode>();
            services.AddExecutorMcp();
            services.AddExecutorCredentials();
            services.Configure<CredentialOptions>(credentials => credentials.YoungToken = TimeSpan.Zero); // nobody waits for a token to come of age
            services.AddExecutorRuns();
            services.Configure<RunOptions>(runs => runs.YoungCall = world.YoungCall);
        });

        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.AddExecutorGrains().AddRebalancing();
    }

    private sealed class OpenDatabase(StorageStartup storage) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => storage.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class OpenNode(NodeState state) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            state.MoveTo(NodePhase.Running);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
