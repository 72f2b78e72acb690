using Executor.Credentials;
using Executor.Nodes;
using Executor.Runs;
using Executor.Simulation.Store;
using Executor.Storage;
using Executor.Storage.Databases;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Tests.Infrastructure;

/// <summary>One node's storage, as a host would open it.</summary>
internal sealed class StorageHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private StorageHost(ServiceProvider services) => _services = services;

    public ICredentialStore Credentials => _services.GetRequiredService<ICredentialStore>();

    public IRunStore Runs => _services.GetRequiredService<IRunStore>();

    public INodeRegistry Nodes => _services.GetRequiredService<INodeRegistry>();

    public IChangeFeed Changes => _services.GetRequiredService<IChangeFeed>();

    public IDatabaseHealth Health => _services.GetRequiredService<IDatabaseHealth>();

    public DatabaseMemory Memory => _services.GetRequiredService<DatabaseMemory>();

    public Database Database => _services.GetRequiredService<Database>();

    public static async Task<StorageHost> StartAsync(StorageOptions options)
    {
        var services = new ServiceCollection().AddLogging().AddExecutorStorage(options).BuildServiceProvider();
        var host = new StorageHost(services);
        try
        {
            await services.GetRequiredService<StorageStartup>().StartAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the database at hand one of its own, as the command does.</summary>
    public static async Task<(int Credentials, int Runs)> AdoptCopyAsync(StorageProvider provider)
    {
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddExecutorStorage(new StorageOptions(provider) { AdoptsCopy = true })
            .BuildServiceProvider();
        return await services.GetRequiredService<StorageStartup>().AdoptCopyAsync();
    }

    /// <summary>A session of the model in the database's place.</summary>
    public static StorageHost Of(ModelSession session) => new(new ServiceCollection()
        .AddSingleton(_ => session)
        .AddSingleton(provider => provider.GetRequiredService<ModelSession>().Credentials)
        .AddSingleton(provider => provider.GetRequiredService<ModelSession>().Runs)
        .AddSingleton(provider => provider.GetRequiredService<ModelSession>().Nodes)
        .AddSingleton(provider => provider.GetRequiredService<ModelSession>().Changes)
        .BuildServiceProvider());

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
