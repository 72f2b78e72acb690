using System.Globalization;
using System.Net;
using System.Text.Json;
using Executor.Silo.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Configuration;

namespace Executor.Nodes.Runs;

/// <summary>
/// The nodes are hosted in the test process, the only one whose heap can be collected and then counted; nothing else runs in it
/// meanwhile. What one run may cost is far below anything that would hold it: its row alone is more.
/// </summary>
[Collection(Alone.Name)]
public sealed class ParkedMemoryTests
{
    private const int Runs = 10_000;
    private const int Nodes = 2;
    private const double BytesPerRun = 100;

    [PostgresFact]
    public async Task Ten_thousand_parked_runs_cost_no_memory_on_any_node()
    {
        await using var cluster = await Cluster.StartAsync(0);
        var servers = cluster.PathOf("parked.json");
        await File.WriteAllTextAsync(servers, JsonSerializer.Serialize(new
        {
            mcpServers = new { strict = new { url = cluster.Sandbox.McpEndpoint, auth = new { type = "oauth2" } } },
        }));
        var nodes = new List<WebApplication>();
        try
        {
            for (var index = 0; index < Nodes; index++)
                nodes.Add(await StartAsync($"node-{index}", cluster, servers));
            using var callers = new Callers(nodes);
            await callers.StartRunsAsync(1_000);
            await cluster.UntilRunsAsync("awaiting_reason = 'needs-oauth-reauth'", 1_000);
            var before = GC.GetTotalMemory(forceFullCollection: true);

            await callers.StartRunsAsync(Runs);
            await cluster.UntilRunsAsync("awaiting_reason = 'needs-oauth-reauth'", 1_000 + Runs);

            var after = GC.GetTotalMemory(forceFullCollection: true);
            Assert.InRange((after - before) / (double)Runs, double.NegativeInfinity, BytesPerRun);
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.StopAsync();
                await node.DisposeAsync();
            }
        }
    }

    private static async Task<WebApplication> StartAsync(string name, Cluster cluster, string servers)
    {
        var database = new NpgsqlConnectionStringBuilder((await PrivatePostgres.GetAsync()).ConnectionString());
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["EXECUTOR_NODE_NAME"] = name,
            ["EXECUTOR_AUTH_SECRET"] = TestTokens.Secret,
            ["EXECUTOR_ENCRYPTION_KEY"] = TestTokens.EncryptionKey,
            ["EXECUTOR_MCP_SERVERS"] = servers,
            ["DATABASE_HOST"] = database.Host!,
            ["DATABASE_PORT"] = database.Port.ToString(CultureInfo.InvariantCulture),
            ["DATABASE_USER"] = database.Username!,
            ["DATABASE_NAME"] = database.Database!,
            ["DATABASE_SSL"] = "false",
            ["DATABASE_SCHEMA"] = cluster.Schema,
            ["HTTP_HOST"] = IPAddress.Loopback.ToString(),
            ["HTTP_PORT"] = "0",
            ["SILO_ADDRESS"] = IPAddress.Loopback.ToString(),
            ["SILO_PORT"] = "0",
        };
        var node = ExecutorHost.Build([], settings.GetValueOrDefault, builder =>
        {
            builder.Logging.ClearProviders();

            // A silo remembers where the last ten thousand grains were. That is bounded, and here it is full before anything is counted.
            builder.Services.PostConfigure<GrainDirectoryOptions>(directory => directory.CacheSize = 500);
        });
        await node.StartAsync();
        return node;
    }

    private sealed class Callers(List<WebApplication> nodes) : IDisposable
    {
        private readonly List<HttpClient> _http = [.. nodes.Select(node => new HttpClient { BaseAddress = new Uri(node.Urls.First()) })];

        public Task StartRunsAsync(int count) => Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (index, _) =>
        {
            var answer = await new NodeClient(_http[index % _http.Count], user: 1).StartRunAsync(Run.Of(new Run.Step("create")));
            Assert.Equal(HttpStatusCode.Created, answer.Status);
        });

        public void Dispose() => _http.ForEach(client => client.Dispose());
    }
}

/// <summary>Of tests that measure this process: they run after all others, one at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
