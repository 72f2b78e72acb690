using Executor.Silo.Configuration;
using Executor.Storage;

namespace Executor.Silo.Hosting;

/// <summary>What is done to a database instead of running a node on it.</summary>
internal static class DatabaseCommands
{
    public static async Task<int> AdoptCopyAsync(ServerSettings settings)
    {
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddExecutorStorage(new StorageOptions(settings.Storage) { AdoptsCopy = true })
            .BuildServiceProvider();
        var (credentials, runs) = await services.GetRequiredService<StorageStartup>().AdoptCopyAsync();
        await Console.Out.WriteLineAsync(
            $"The copy is a database of its own now. Credentials shredded, to be connected again here: {credentials}. "
            + $"Unfinished runs cancelled: {runs}. The first node that starts on it with a key makes that its key.");
        return 0;
    }
}
