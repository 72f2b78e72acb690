using System.Net;
using Executor.Mcp.Connections;
using Executor.Mcp.Http;
using Executor.Servers;
using ModelContextProtocol;

namespace Executor.Mcp.Calls;

/// <summary>
/// Says in our own words what became of a call that brought no result. Exceptions are looked at by type, status and error code;
/// their messages quote the server and go nowhere.
/// </summary>
internal static class Failures
{
    public static readonly McpFailure Busy =
        new(McpFailureCodes.Busy, "Too many calls to this MCP server are in flight. Try again later.", McpEffect.None);

    public static readonly McpFailure ConnectDefect =
        new(McpFailureCodes.Unreachable, "The MCP server could not be connected to.", McpEffect.None);

    public static readonly McpFailure UnusableDefinition = new(
        McpFailureCodes.ProtocolError, "The MCP server's definition of the tool is invalid: it asks for a header that it may not ask for.", McpEffect.None);

    public static readonly McpFailure UnmirroredArgument = new(
        McpFailureCodes.ProtocolError, "An argument that the MCP server wants in a header is no integer that a header may carry.", McpEffect.None);

    public static readonly McpFailure UnsendableName =
        new(McpFailureCodes.ProtocolError, "The tool's name cannot be sent: it has characters that a header cannot carry.", McpEffect.None);

    /// <summary>
    /// Failures of the exchange, as against defects of this program, which are let through. Once a server has answered, whatever
    /// is thrown is taken for the answer's fault: the SDK and the JSON beneath it throw many things at an odd one.
    /// </summary>
    public static bool IsUpstream(Exception e, CallScope scope) =>
        e is HttpRequestException or IOException or McpException or UpstreamStatusException or AnswerTooLargeException
            or OperationCanceledException or TimeoutException
        || scope.Status is not null;

    public static ConnectResult OfConnecting(Exception e, CallScope scope)
    {
        if (scope.Status == HttpStatusCode.Unauthorized)
            return new ConnectResult.Unauthorized();
        var failure = e switch
        {
            HttpRequestException when scope.Status is { } status && (int)status >= 300 => OfStatus(status, scope),
            OperationCanceledException when scope.Sent => TimedOut(sent: true),
            _ => OfException(e, scope),
        };
        // Negotiating runs no tool.
        return new ConnectResult.Failed(failure with { Effect = McpEffect.None });
    }

    public static McpFailure OfException(Exception e, CallScope scope) => e switch
    {
        UpstreamStatusException refused => OfStatus(refused.Status, scope),
        AnswerTooLargeException => TooLarge,
        TooManyToolsException => new(McpFailureCodes.TooManyTools, "The MCP server lists more tools than allowed.", McpEffect.Settled),
        MalformedAnswerException malformed => new(McpFailureCodes.ProtocolError, malformed.Message, McpEffect.Settled),
        UnsupportedProtocolVersionException or MissingRequiredClientCapabilityException =>
            new(McpFailureCodes.ProtocolError, "The MCP server refused the version of the protocol.", McpEffect.None),
        McpProtocolException protocol => new(
            McpFailureCodes.ProtocolError,
            $"The MCP server answered with the JSON-RPC error {(int)protocol.ErrorCode}.",
            // Refused for its envelope, its method or its parameters (an unknown tool is one): JSON-RPC 2.0 §5.1.
            protocol.ErrorCode is McpErrorCode.HeaderMismatch or McpErrorCode.InvalidParams or McpErrorCode.InvalidRequest
                or McpErrorCode.MethodNotFound or McpErrorCode.ParseError
                ? McpEffect.None
                : McpEffect.Settled),
        HttpRequestException or OperationCanceledException when !scope.Sent =>
            new(McpFailureCodes.Unreachable, "The MCP server could not be reached.", McpEffect.None),
        TimeoutException => new(McpFailureCodes.TimedOut, "The MCP server did not answer in time.", Doubt(scope)),
        McpException when scope is { Status: not null, AnswerEnded: true } => NoReply,
        HttpRequestException or IOException or McpException or OperationCanceledException =>
            new(McpFailureCodes.ConnectionLost, "The connection to the MCP server was lost before it answered.", Doubt(scope)),
        _ => NoReply,
    };

    public static McpFailure TimedOut(bool sent) => new(
        McpFailureCodes.TimedOut, "The MCP server did not answer in time.", sent ? McpEffect.Unknown : McpEffect.None);

    /// <summary>
    /// Settled, not unknown, though a stream without end may belong to a tool that still runs: it has been told to stop, and a
    /// repetition would meet the same limit.
    /// </summary>
    private static McpFailure TooLarge { get; } =
        new(McpFailureCodes.ResultTooLarge, "The MCP server's answer is larger than allowed.", McpEffect.Settled);

    private static McpFailure NoReply { get; } =
        new(McpFailureCodes.ProtocolError, "The MCP server's answer was not understood.", McpEffect.Unknown);

    private static McpEffect Doubt(CallScope scope) => scope.Sent ? McpEffect.Unknown : McpEffect.None;

    private static McpFailure OfStatus(HttpStatusCode status, CallScope scope) => status switch
    {
        HttpStatusCode.Forbidden => new(
            McpFailureCodes.Forbidden,
            scope.InsufficientScope
                ? "The MCP server refused access: the permissions that were granted do not cover it."
                : "The MCP server refused access.",
            McpEffect.None),
        >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => new(
            McpFailureCodes.HttpError, $"The MCP server answered with a redirect (HTTP {(int)status}), which is not followed.", EffectOf(status)),
        _ => new(McpFailureCodes.HttpError, $"The MCP server answered with HTTP {(int)status}.", EffectOf(status)),
    };

    /// <summary>
    /// None only where the status itself says that the request was turned away before anything ran it. Any other 4xx is an answer
    /// to the call. A 5xx may come from a proxy in front of a server that has run it, or still does; 503 is no exception, and 408
    /// comes from proxies as well.
    /// </summary>
    private static McpEffect EffectOf(HttpStatusCode status) => (int)status switch
    {
        401 or 403 or 404 or 405 or 413 or 415 or 421 or 425 or 429 => McpEffect.None,
        // The client is asked to send the same request elsewhere; the older three say nothing of the sort.
        307 or 308 => McpEffect.None,
        408 or < 400 or >= 500 => McpEffect.Unknown,
        _ => McpEffect.Settled,
    };
}
