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

    /// <param name="IsBusy">It says nothing of the version that it was asked in, and asks for no second question.</param>
    public sealed record Failed(McpFailure Failure, bool IsBusy = false) : ConnectResult;
}
