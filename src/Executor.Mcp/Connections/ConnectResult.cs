using Executor.Servers;
using ModelContextProtocol.Client;

namespace Executor.Mcp.Connections;

/// <summary>What became of an attempt to connect; never an exception, whose message would carry upstream text.</summary>
internal abstract record ConnectResult
{
    private ConnectResult()
    {
    }

    /// <param name="FromMemory">No message was exchanged yet: the server is taken to speak what it spoke last.</param>
    public sealed record Connected(McpClient Client, string? ProtocolVersion, bool FromMemory) : ConnectResult;

    public sealed record Unauthorized : ConnectResult;

    public sealed record Failed(McpFailure Failure) : ConnectResult;
}
