using System.Text.Json;
using Executor.Credentials;
using Executor.Identity;

namespace Executor.Servers;

/// <summary>
/// Speaks MCP. One exchange, no retries: what a 401 means is decided by its caller. Connections are pooled per (user, server), and
/// a bearer token reaches no other user's call, no other server, no redirect target and no log.
/// </summary>
public interface IMcpGateway
{
    Task<McpOutcome<McpToolList>> ListToolsAsync(
        UserId user, McpServer server, AccessToken? bearer, CancellationToken cancellationToken);

    /// <summary>Cancelling tells the server so (<c>notifications/cancelled</c>) before it throws.</summary>
    Task<McpOutcome<McpToolResult>> CallToolAsync(
        UserId user, McpServer server, AccessToken? bearer, McpToolCall call, CancellationToken cancellationToken);
}

/// <param name="Arguments">A JSON object.</param>
/// <param name="IdempotencyKey">Sent in <c>_meta</c>; the same for every attempt at the same step.</param>
/// <param name="Timeout">How long nothing may be heard of the call: its answer, or its progress. Covers the whole exchange, body included.</param>
public sealed record McpToolCall(string Tool, JsonElement Arguments, string IdempotencyKey, TimeSpan Timeout)
{
    /// <summary>How long it may take, whatever progress is heard; the time-out where nothing else is said.</summary>
    public TimeSpan? Longest { get; init; }

    /// <summary>Called with each progress that is heard, on the thread that brought it; it must not take long.</summary>
    public Action<McpProgress>? OnProgress { get; init; }
}

/// <param name="Result">The <c>CallToolResult</c> as JSON: <c>content</c>, <c>structuredContent</c>, …</param>
/// <param name="IsError">The tool ran and says that it failed.</param>
public sealed record McpToolResult(JsonElement Result, bool IsError);

public abstract record McpOutcome<T>
{
    private McpOutcome()
    {
    }

    public sealed record Completed(T Value) : McpOutcome<T>;

    /// <summary>HTTP 401, by status alone: the request was refused before anything ran.</summary>
    public sealed record Unauthorized : McpOutcome<T>;

    public sealed record Failed(McpFailure Failure) : McpOutcome<T>;
}

/// <param name="Code">Stable, e.g. <see cref="McpFailureCodes.Unreachable"/>.</param>
/// <param name="Message">Our own words, fit for the user; quotes nothing of what the server sent but the scopes that a 403 names.</param>
/// <param name="Effect">Whether the tool may have run.</param>
public sealed record McpFailure(string Code, string Message, McpEffect Effect)
{
    /// <summary>The server answered, whatever it said: it did not turn the token down.</summary>
    public bool IsAnswer => Code
        is not (McpFailureCodes.Unreachable or McpFailureCodes.TimedOut or McpFailureCodes.ConnectionLost or McpFailureCodes.Busy);

    /// <summary>The server, or the gateway for it, has no room now: to be tried again by itself, not before this. Nothing ran.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Nobody has to do anything about it.</summary>
    public bool MayPass => Code == McpFailureCodes.Busy || RetryAfter is not null;
}

public enum McpEffect
{
    /// <summary>The request certainly did not run the tool.</summary>
    None,

    /// <summary>The server answered that the call failed: what it did before that is its affair, and it is over.</summary>
    Settled,

    /// <summary>The request was sent and no answer tells whether it ran, or still runs.</summary>
    Unknown,
}

public static class McpFailureCodes
{
    public const string Unauthorized = "mcp_unauthorized";
    public const string Forbidden = "mcp_forbidden";
    public const string Unreachable = "mcp_unreachable";
    public const string TimedOut = "mcp_timeout";
    public const string HttpError = "mcp_http_error";
    public const string ProtocolError = "mcp_protocol_error";
    public const string ResultTooLarge = "mcp_result_too_large";
    public const string TooManyTools = "mcp_too_many_tools";
    public const string ConnectionLost = "mcp_connection_lost";
    public const string Busy = "mcp_server_busy";

    /// <summary>The tool asks for something (a form, a model's answer, a list of folders) before it goes on.</summary>
    public const string InputRequired = "mcp_input_required";

    /// <summary>A complete answer of a kind that is not understood, a task's handle among them.</summary>
    public const string ResultTypeUnsupported = "mcp_result_type_unsupported";
}
