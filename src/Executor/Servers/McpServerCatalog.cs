using Executor.Identity;

namespace Executor.Servers;

public sealed class McpServerCatalog(IEnumerable<McpServer> servers) : IMcpServerCatalog
{
    public static readonly McpServerCatalog Empty = new([]);

    private readonly Dictionary<McpServerId, McpServer> _servers = servers.ToDictionary(s => s.Id);

    public McpServer? Find(McpServerId id) => _servers.GetValueOrDefault(id);
}
