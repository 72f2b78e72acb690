using System.Text.Json.Nodes;

namespace Executor.Sandbox.Mcp;

public enum McpStage
{
    Received,

    /// <summary>Waits to be released: by a fault, or in the <c>wait</c> tool.</summary>
    Held,
    Answered,

    /// <summary>The bearer was refused.</summary>
    Refused,

    /// <summary>A fault took the place of the answer.</summary>
    Faulted,

    /// <summary>The connection was reset by the server.</summary>
    Aborted,

    /// <summary>The client went away first.</summary>
    ClientGone,
}

/// <summary>One JSON-RPC request or notification, as the server saw it.</summary>
public sealed record McpRequest
{
    public required long Sequence { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    public DateTimeOffset? AnsweredAt { get; init; }

    public required string Method { get; init; }

    /// <summary>JSON-RPC id; null for a notification.</summary>
    public string? Id { get; init; }

    public string? Tool { get; init; }

    public JsonNode? Arguments { get; init; }

    public JsonNode? Meta { get; init; }

    public string? ProtocolVersion { get; init; }

    public string? SessionId { get; init; }

    public string? Token { get; init; }

    public string? GrantId { get; init; }

    public string? User { get; init; }

    public McpStage Stage { get; init; }

    /// <summary>The tool ran to its end, or did its effect before the connection was reset.</summary>
    public bool Executed { get; init; }

    /// <summary>The call was ended by <c>notifications/cancelled</c>.</summary>
    public bool Cancelled { get; init; }

    public McpFault? Fault { get; init; }
}

public sealed record McpCounters
{
    public int Requests { get; init; }

    public int ToolCalls { get; init; }

    public int Refused { get; init; }

    public int Cancellations { get; init; }

    /// <summary>Tool calls running now, and the most that ever ran at once.</summary>
    public int Concurrency { get; init; }

    public int MaxConcurrency { get; init; }

    public int OpenSessions { get; init; }

    public int SessionsOpened { get; init; }

    /// <summary>Responses being written now: standalone GET streams and answers to POST.</summary>
    public int OpenStreams { get; init; }

    public int OpenGetStreams { get; init; }

    public int Held { get; init; }
}
