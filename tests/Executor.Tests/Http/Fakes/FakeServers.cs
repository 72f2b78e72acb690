using Executor.Credentials;
using Executor.Identity;
using Executor.Servers;

namespace Executor.Tests.Http.Fakes;

internal sealed class FakeServers : IMcpServerCatalog, IMcpGateway
{
    public Func<McpOutcome<IReadOnlyList<McpTool>>> OnList { get; set; } =
        () => new McpOutcome<IReadOnlyList<McpTool>>.Completed([]);

    public Exception? Failure { get; set; }

    public McpServer? Find(McpServerId id) => id.Value is "crm" or "bücher/100%"
        ? new McpServer(id, new Uri("https://mcp.example.com"), new Dictionary<string, string>(), new McpServerAuth.OAuth2(null, RefreshReplay.Strict, []))
        : null;

    public Task<McpOutcome<IReadOnlyList<McpTool>>> ListToolsAsync(
        UserId user, McpServer server, AccessToken? bearer, CancellationToken cancellationToken) =>
        Failure is null ? Task.FromResult(OnList()) : Task.FromException<McpOutcome<IReadOnlyList<McpTool>>>(Failure);

    public Task<McpOutcome<McpToolResult>> CallToolAsync(
        UserId user, McpServer server, AccessToken? bearer, McpToolCall call, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
