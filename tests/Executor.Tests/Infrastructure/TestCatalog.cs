using System.Collections.Concurrent;
using Executor.Identity;
using Executor.Servers;

namespace Executor.Tests.Infrastructure;

internal sealed class TestCatalog : IMcpServerCatalog
{
    private readonly ConcurrentDictionary<McpServerId, McpServer> _servers = new();

    public IReadOnlyCollection<McpServerId> Ids => [.. _servers.Keys];

    public McpServer? Find(McpServerId id) => _servers.GetValueOrDefault(id);

    public void Add(McpServer server) => _servers[server.Id] = server;

    public void Remove(McpServerId id) => _servers.TryRemove(id, out _);

    public void Add(McpServerId id, Uri url, McpServerAuth auth) =>
        _servers[id] = new McpServer(id, url, new Dictionary<string, string>(), auth);

    public void OAuth2(McpServerId id, Uri url, RefreshReplay replay, string? resource = null, params string[] tokenEndpoints) =>
        Add(id, url, new McpServerAuth.OAuth2(resource, replay, tokenEndpoints));
}
