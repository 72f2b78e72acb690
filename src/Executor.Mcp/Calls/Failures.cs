using Executor.Mcp.Connections;
using Executor.Mcp.Http;
using Executor.Servers;
using ModelContextProtocol;

namespace Executor.Mcp.Calls;

/// <summary>Failures that no server had a part in, and those of connecting. What a server's answer means is in <see cref="FailureTable"/>.</summary>
internal static class Failures
{
    public static readonly McpFailure Busy =
        new(McpFailureCodes.Busy, "Too many calls to this MCP server are in flight. Try again later.", McpEffect.None) { RetryAfter = TimeSpan.Zero };

    public static readonly McpFailure ConnectDefect =
        new(McpFailureCodes.Unreachable, "The MCP server could not be connected to.", McpEffect.None);

    public static readonly McpFailure UnusableDefinition = new(
        McpFailureCodes.ProtocolError, "The MCP server's definition of the tool is invalid: it asks for a header that it may not ask for.", McpEffect.None);

    public static readonly McpFailure UnmirroredArgument = new(
        McpFailureCodes.ProtocolError, "An argument that the MCP server wants in a header is no integer that a header may carry.", McpEffect.None);

    public static readonly McpFailure UnsendableName =
        new(McpFailureCodes.ProtocolError, "The tool's name cannot be sent: it has characters that a header cannot carry.", McpEffect.None);

    /// <summary>
    /// Failures of the exchange, as against defects of this program, which are let through. Once a server has answered, whatever is
    /// thrown is taken for the answer's fault. The SDK and the JSON beneath it throw many things at an odd one.
    /// </summary>
    public static bool IsUpstream(Exception e, CallScope scope) =>
        e is HttpRequestException or IOException or McpException or UpstreamStatusException or AnswerTooLargeException
            or OperationCanceledException or TimeoutException
        || scope.HasAnswer;

    public static ConnectResult OfConnecting(Exception e, CallScope scope)
    {
        var answered = Answered.Of(e, scope);
        var row = FailureTable.Find(answered);
        // Negotiating runs no tool.
        return row.Sequel == Sequel.Reauthorize
            ? new ConnectResult.Unauthorized()
            : new ConnectResult.Failed(FailureTable.Of(row, answered) with { Effect = McpEffect.None }, IsBusy(answered));
    }

    /// <summary>501 is a server's that does not know the method.</summary>
    private static bool IsBusy(Answered answered) => answered.Http is 429 or (>= 500 and not 501) || answered.Refusal?.RetryAfter is not null;

    public static McpFailure TimedOut(bool sent)
    {
        var answered = new Answered(Ending.TimedOut) { Sent = sent };
        return FailureTable.Of(FailureTable.Find(answered), answered);
    }
}
