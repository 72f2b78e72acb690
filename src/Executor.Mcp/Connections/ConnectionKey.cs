using Executor.Identity;

namespace Executor.Mcp.Connections;

internal readonly record struct ConnectionKey(UserId User, McpServerId Server);
