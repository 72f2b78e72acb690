using Executor.Identity;

namespace Executor.Servers;

public sealed class McpServerCatalog(IEnumerable<McpServer> servers) : IMcpServerCatalog
{
    public static readonly McpServerCatalog Empty = new([]);

    private readonly Dictionary<McpServerId, McpServer> _servers = servers.ToDictionary(s => s.Id);

    public IReadOnlyCollection<McpServerId> Ids => _servers.Keys;

    public McpServer? Find(McpServerId id) => _servers.GetValueOrDefault(id);
}
