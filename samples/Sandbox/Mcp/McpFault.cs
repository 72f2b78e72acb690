namespace Executor.Sandbox.Mcp;

public enum McpFaultKind
{
    Unauthorized,
    Forbidden,
    ServerError,

    /// <summary>Held until released; then the request goes on as usual.</summary>
    Hang,

    /// <summary>The connection is reset.</summary>
    Abort,
}

/// <summary>A way for MCP requests to go wrong, before or after their effect.</summary>
public sealed record McpFault(McpFaultKind Kind)
{
    public bool AfterExecuting { get; init; }

    /// <summary>Only calls of this tool.</summary>
    public string? Tool { get; init; }

    /// <summary>Only this JSON-RPC method, such as <c>tools/list</c>.</summary>
    public string? Method { get; init; }

    /// <summary>Only requests with a bearer of this grant.</summary>
    public string? GrantId { get; init; }

    /// <summary>How many requests it meets; until cleared when null.</summary>
    public int? Times { get; init; } = 1;

    /// <summary>A hang ends by itself after this time; otherwise it waits to be released.</summary>
    public int? HoldMilliseconds { get; init; }

    internal bool Matches(McpRequest request) =>
        (Tool is null || Tool == request.Tool)
        && (Method is null || Method == request.Method)
        && (GrantId is null || GrantId == request.GrantId);
}
