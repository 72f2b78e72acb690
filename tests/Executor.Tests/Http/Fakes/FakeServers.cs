using Executor.Credentials;
using Executor.Identity;
using Executor.Servers;

namespace Executor.Tests.Http.Fakes;

internal sealed class FakeServers : IMcpServerCatalog, IMcpGateway
{
    public Func<McpOutcome<McpToolList>> OnList { get; set; } =
        () => new McpOutcome<McpToolList>.Completed(new McpToolList([], []));

    public Exception? Failure { get; set; }

    /// <summary>Listings of this server are answered after this.</summary>
    public (string Server, Task Until)? Held { get; set; }

    public IReadOnlyCollection<McpServerId> Ids => [McpServerId.From("crm")];

    public McpServer? Find(McpServerId id) => id.Value is "crm" or "bücher/100%"
        ? new McpServer(id, new Uri("https://mcp.example.com"), new Dictionary<string, string>(), new McpServerAuth.OAuth2(null, RefreshReplay.Strict, []))
        : null;

    public async Task<McpOutcome<McpToolList>> ListToolsAsync(
        UserId user, McpServer server, AccessToken? bearer, CancellationToken cancellationToken)
    {
        if (Failure is not null)
            throw Failure;
        if (Held is { } held && held.Server == server.Id.Value)
            await held.Until.WaitAsync(cancellationToken);
        return OnList();
    }

    public Task<McpOutcome<McpToolResult>> CallToolAsync(
        UserId user, McpServer server, AccessToken? bearer, McpToolCall call, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
