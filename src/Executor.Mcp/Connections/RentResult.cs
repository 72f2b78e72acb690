using Executor.Servers;

namespace Executor.Mcp.Connections;

internal abstract record RentResult
{
    private RentResult()
    {
    }

    public sealed record Rented(ConnectionLease Lease) : RentResult;

    public sealed record Unauthorized : RentResult;

    public sealed record Failed(McpFailure Failure) : RentResult;
}
