using Executor.Mcp.Http;
using Executor.Servers;
using static Executor.Mcp.Calls.Sequel;
using static Executor.Mcp.Calls.SessionFate;
using static Executor.Servers.McpEffect;

namespace Executor.Mcp.Calls;

internal enum SessionFate
{
    Alive,

    /// <summary>No further call gets it; it is ended where that is possible.</summary>
    GivenUp,

    /// <summary>The server does not know it: there is nothing to end.</summary>
    Lost,

    /// <summary>The server no longer speaks what it spoke last: given up, and the version is negotiated anew.</summary>
    OtherVersion,
}

internal enum Sequel
{
    /// <summary>The failure is told; the user may repeat what had no effect.</summary>
    Tell,

    /// <summary>Once more on a new connection, and told if it fails there too.</summary>
    Again,

    /// <summary>Negotiates; once more if the version is another now, and else judged as if it were proved.</summary>
    AskVersion,

    /// <summary>Sends a ping as the call was sent, and judges again.</summary>
    AskSession,

    /// <summary>Lists the tools, and judges again.</summary>
    AskListing,

    /// <summary>Back to the queue for as long as the server asks.</summary>
    Queue,

    /// <summary>The token is refused: its owner decides.</summary>
    Reauthorize,
}

/// <param name="Holds">Asked from the first row on; the first that holds is the answer's.</param>
/// <param name="Source">Why it means that.</param>
internal sealed record FailureRow(
    string Name, Predicate<Answered> Holds, McpEffect Effect, SessionFate Session, Sequel Sequel, string Code, Func<Answered, string> Words, string Source);

/// <summary>
/// What an MCP failure means, by what was sent and what was answered. <see cref="None"/> stands only where the answer proves that the
/// tool did not start; <see cref="Settled"/> where the server answered that the call is over; <see cref="Unknown"/> for the rest.
/// </summary>
internal static class FailureTable
{
    private const string Mcp = "MCP 2025-11-25, Transports, ";
    private const string Rpc = "JSON-RPC 2.0 §5.1";
    private const string Http = "RFC 9110 §15";

    public static IReadOnlyList<FailureRow> Rows { get; } =
    [
        // What never was, or never became, an answer.
        new("not sent", a => a.Ending == Ending.Unsent, None, GivenUp, Tell, McpFailureCodes.Unreachable, Words.Unreachable, "no byte of the body was handed to a connection"),
        new("time-out before sending", a => a.Ending == Ending.TimedOut && !a.Sent, None, Alive, Tell, McpFailureCodes.TimedOut, Words.TimedOut, "no byte of the body was handed to a connection"),
        new("time-out", a => a.Ending == Ending.TimedOut, Unknown, Alive, Tell, McpFailureCodes.TimedOut, Words.TimedOut, "a slow tool says nothing of its session"),
        new("connection lost", a => a.Ending == Ending.Cut, Unknown, GivenUp, Tell, McpFailureCodes.ConnectionLost, Words.Lost, Mcp + "Sending Messages: a disconnection is no cancellation"),
        new("answer without a reply", a => a.Ending == Ending.NoReply, Unknown, GivenUp, Tell, McpFailureCodes.ProtocolError, Words.NotUnderstood, "202 and its like: accepted is not done; so is an answer in an encoding that nobody asked for"),

        // Complete, and of no use. The tool has been told to stop, and a repetition would meet the same limit.
        new("answer too large", a => a.Ending == Ending.TooLarge, Settled, Alive, Tell, McpFailureCodes.ResultTooLarge, Words.TooLarge, "McpOptions"),
        new("list too long", a => a.Ending == Ending.TooManyTools, Settled, Alive, Tell, McpFailureCodes.TooManyTools, Words.TooManyTools, "McpOptions"),
        new("result of another kind", a => a.Ending == Ending.Replied && a.Error is null, Settled, Alive, Tell, McpFailureCodes.ProtocolError, Words.Malformed, "MCP, CallToolResult"),

        // Said of a call that had begun, or of an answer that is missing behind the server. Nothing that stands beside it takes it back.
        new("lost behind the server", a => a.Code is -32000 or -32001 or 408 && SaysThatAnAnswerWasLost(a), Unknown, Alive, Tell, McpFailureCodes.ProtocolError, Words.Error, "ConnectionClosed and RequestTimeout of the TypeScript and Python SDKs, passed on by a server that is a client itself"),
        new("refused in mid-call", a => a.HasBegun && (a.IsTurnedAway || (a.Code is null && (a.IsClientError || a.Http is 307 or 308))), Unknown, GivenUp, Tell, McpFailureCodes.HttpError, Words.Status, "MCP 2026-07-28, Multi Round-Trip Requests: the rounds before it were worked on"),
        new("error in mid-call", a => a.HasBegun && a.Code is not (null or -32021) && a.Http < 500, Settled, Alive, Tell, McpFailureCodes.ProtocolError, Words.Error, "a tool passes on what it was answered: -32601 is this client's own answer to each question"),

        // The session or the version is refused, before anybody looked at the call.
        new("404 or 410 to a session", a => a.NamedSession && a.Http is 404 or 410 && a.Code is null or -32601, None, Lost, Again, McpFailureCodes.HttpError, Words.Status, Mcp + "Session Management 3 and 4"),
        new("ping refused too", a => a is { NamedSession: true, SessionAnswers: false }, None, Lost, Again, McpFailureCodes.HttpError, Words.Status, "the session is refused, and not the call"),
        new("refused for want of a session", a => a is { NamedSession: false, SessionAnswers: false }, None, OtherVersion, Again, McpFailureCodes.HttpError, Words.Status, "the same, from a server taken back to an older version"),
        new("version refused", a => a.Code is -32022 or -32020, None, OtherVersion, Again, McpFailureCodes.ProtocolError, Words.Version, "MCP 2026-07-28, UnsupportedProtocolVersion and HeaderMismatch: checked before dispatch"),
        new("remembered version refused", a => a.IsUnproven && a.IsClientError && OlderHandshake.IsAskedFor(a.Status!.Value, a.Error) && !a.IsAboutTheCall, None, OtherVersion, AskVersion, McpFailureCodes.HttpError, Words.Status, "OlderHandshake"),

        // The session is suspected. Tools speak of sessions too, of a browser or a checkout: only a second refusal proves it.
        new("refusal to a session", a => a is { NamedSession: true, SessionAnswers: null, IsClientError: true, IsTurnedAway: false, MayHaveRun: false }, Settled, GivenUp, AskSession, McpFailureCodes.HttpError, Words.Status, "many servers say 400 to a session that they do not know"),
        new("401 for its session", a => a is { NamedSession: true, SessionAnswers: null, Http: 401, SpeaksOfSession: true, MayHaveRun: false }, None, GivenUp, AskSession, McpFailureCodes.HttpError, Words.Status, "SessionWords: rmcp"),
        new("error about the session", a => a is { NamedSession: true, SessionAnswers: null, Code: -32600 or (>= -32099 and <= -32000), SpeaksOfSession: true }, Settled, GivenUp, AskSession, McpFailureCodes.ProtocolError, Words.Error, "SessionWords: the codes that the SDKs use for it"),
        new("refusal that misses a session", a => a is { NamedSession: false, SessionAnswers: null, IsClientError: true, IsTurnedAway: false, SpeaksOfSession: true, MayHaveRun: false }, Settled, OtherVersion, AskSession, McpFailureCodes.HttpError, Words.Status, "SessionWords: a server taken back to an older version"),

        // Turned away by a status that says so.
        new("401", a => a.Http == 401, None, Alive, Reauthorize, McpFailureCodes.Unauthorized, Words.Status, "RFC 6750 §3.1"),
        new("403 for want of a scope", a => a.Http == 403 && a.Refusal is { NeedsScope: true }, None, Alive, Tell, McpFailureCodes.Forbidden, Words.NeedsScope, "RFC 6750 §3.1"),
        new("403", a => a.Http == 403, None, Alive, Tell, McpFailureCodes.Forbidden, Words.Forbidden, Http + ".5.4"),
        new("429", a => a.Http == 429, None, Alive, Queue, McpFailureCodes.HttpError, Words.Status, "RFC 6585 §4"),

        // A JSON-RPC error that answers this request, whatever status carries it.
        new("unknown method", a => a.Code == -32601, None, Alive, Tell, McpFailureCodes.ProtocolError, Words.Error, Rpc),
        new("parameters or result refused", a => a is { Code: -32602, IsListed: null }, Settled, Alive, AskListing, McpFailureCodes.ProtocolError, Words.Error, Rpc + "; MCP SDKs also say it of a result that fails its output schema"),
        new("unknown tool", a => a is { Code: -32602, IsListed: false }, None, Alive, Tell, McpFailureCodes.ProtocolError, Words.UnknownTool, "MCP, Tools, Error Handling, and a listing made for it"),
        new("missing capability", a => a.Code == -32021, Settled, Alive, Tell, McpFailureCodes.ProtocolError, Words.Capability, "MCP 2026-07-28, MissingRequiredClientCapability: a tool may find out when it needs it"),
        new("error in a 5xx", a => a.Code is not null && a.Http >= 500, Settled, GivenUp, Tell, McpFailureCodes.ProtocolError, Words.Error, Rpc),
        new("any other error", a => a.Code is not null, Settled, Alive, Tell, McpFailureCodes.ProtocolError, Words.Error, Rpc),

        // The other statuses.
        new("404, 405, 410, 413, 415, 421, 425", a => a.Http is 404 or 405 or 410 or 413 or 415 or 421 or 425, None, Alive, Tell, McpFailureCodes.HttpError, Words.Status, Http + ".5; RFC 8470 §5.2"),
        new("307, 308", a => a.Http is 307 or 308, None, Alive, Tell, McpFailureCodes.HttpError, Words.Redirect, Http + ".4.8: the same request is to be sent elsewhere"),
        new("any other redirect", a => a.Http is >= 300 and < 400, Unknown, GivenUp, Tell, McpFailureCodes.HttpError, Words.Redirect, Http + ".4.4: it may have been acted upon"),
        new("408, 499", a => a.Http is 408 or 499, Unknown, GivenUp, Tell, McpFailureCodes.HttpError, Words.Status, "proxies say it of a server that may still work"),
        new("any other 4xx", a => a.IsClientError, Settled, Alive, Tell, McpFailureCodes.HttpError, Words.Status, Http + ".5: not in the list of what proves that nothing ran"),
        new("5xx", a => a.Http >= 500, Unknown, GivenUp, Tell, McpFailureCodes.HttpError, Words.Status, Http + ".6: a proxy may say it of a server that has run the call; 503 with Retry-After as well"),
        new("anything else", _ => true, Unknown, GivenUp, Tell, McpFailureCodes.ProtocolError, Words.NotUnderstood, "1xx, 101 among them, and what nobody thought of"),
    ];

    public static FailureRow Find(Answered answered) => Rows.First(row => row.Holds(answered));

    public static McpFailure Of(FailureRow row, Answered answered) => new(row.Code, row.Words(answered), row.Effect)
    {
        RetryAfter = row.Sequel == Queue ? answered.Refusal?.RetryAfter ?? TimeSpan.Zero : null,
    };

    private static bool SaysThatAnAnswerWasLost(Answered a) =>
        a.Error is { Text: var text }
        && ((string[])["timed out", "timeout", "time out", "connection closed", "connection lost", "disconnected"])
            .Any(words => text.Contains(words, StringComparison.OrdinalIgnoreCase));
}
