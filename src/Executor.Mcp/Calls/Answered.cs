using System.Net;
using Executor.Mcp.Http;
using Executor.Mcp.Http.Answers;

namespace Executor.Mcp.Calls;

/// <summary>How a call that brought no result ended.</summary>
internal enum Ending
{
    /// <summary>Nothing of it left this process.</summary>
    Unsent,

    /// <summary>A status other than 2xx.</summary>
    Refused,

    /// <summary>A JSON-RPC error, or a result that is none of the kind asked for.</summary>
    Replied,

    /// <summary>The answer ended, and had no reply in it.</summary>
    NoReply,

    /// <summary>The connection was lost before the answer was complete.</summary>
    Cut,
    TimedOut,
    TooLarge,
    TooManyTools,
}

/// <summary>What was sent and what was answered: all that <see cref="FailureTable"/> looks at.</summary>
internal sealed record Answered(Ending Ending)
{
    public bool Sent { get; init; }

    /// <summary>The server was heard to work on the call: whatever it says of it afterwards, it has begun.</summary>
    public bool HasBegun { get; init; }

    public HttpStatusCode? Status { get; init; }

    public RpcError? Error { get; init; }

    public Refusal? Refusal { get; init; }

    /// <summary>The request named a session.</summary>
    public bool NamedSession { get; init; }

    /// <summary>The version that the request was made in is only remembered: this connection has proved nothing.</summary>
    public bool IsUnproven { get; init; }

    /// <summary>The tool that was called; null for anything else.</summary>
    public string? Tool { get; init; }

    /// <summary>What a listing made for it says; null before.</summary>
    public bool? IsListed { get; init; }

    /// <summary>False when a ping is refused as the call was; null before it is sent.</summary>
    public bool? SessionAnswers { get; init; }

    /// <summary>Our own words about a result of the wrong kind.</summary>
    public string? Malformed { get; init; }

    public int Http => Status is { } status ? (int)status : 0;

    /// <summary>The code of a JSON-RPC error that answers this request.</summary>
    public int? Code => Error is { } error && (error.IsCorrelated || (Http == 400 && Refusal is { IsJson: true })) ? error.Code : null;

    public bool IsClientError => Http is >= 400 and < 500;

    /// <summary>By a status that proves that nothing ran, whatever became of the session.</summary>
    public bool IsTurnedAway => Http is 401 or 403 or 405 or 413 or 415 or 421 or 425 or 429;

    /// <summary>Its method, its parameters or its execution failed: the session and the version let it through.</summary>
    public bool IsAboutTheCall => Code is -32601 or -32602 or -32603;

    /// <summary>The refusal is about the call itself, or of somebody who does not know what became of it.</summary>
    public bool MayHaveRun => IsAboutTheCall || Http is 408 or 499;

    public bool SpeaksOfSession => Refusal?.SpeaksOfSession ?? (Error is { } error && SessionWords.SpeakOfSession(error.Text));

    /// <summary>
    /// A server that does not know a session refuses all that is sent to it, and alike. So if a ping is refused as the call was, down to
    /// the words, the tool is not the reason. A ping that is refused in another way may be one that the server does not offer.
    /// </summary>
    public bool IsRefusedLike(Answered call) => !MayHaveRun
        && (Ending, Http, Code, NamedSession, SpeaksOfSession) == (call.Ending, call.Http, call.Code, call.NamedSession, call.SpeaksOfSession);

    public static Answered Of(Exception e, CallScope scope) => new(EndingOf(e, scope))
    {
        Sent = scope.Sent || scope.HasBegun,
        HasBegun = scope.HasBegun,
        Status = scope.Status,
        Error = scope.Reply?.Error,
        Refusal = scope.Refusal,
        NamedSession = scope.NamedSession,
        Malformed = (e as MalformedAnswerException)?.Message,
    };

    private static Ending EndingOf(Exception e, CallScope scope)
    {
        if (e is AnswerTooLargeException)
            return Ending.TooLarge;
        if (e is TooManyToolsException)
            return Ending.TooManyTools;
        if (e is MalformedAnswerException)
            return Ending.Replied;
        if (e is UnknownEncodingException)
            return Ending.NoReply;
        if (scope.Status is { } status && (int)status is < 200 or >= 300)
            return Ending.Refused;
        if (scope.Reply is not null)
            return Ending.Replied;
        // The handshake has a limit of its own.
        if (e is TimeoutException || (e is OperationCanceledException && scope is { Purpose: ScopePurpose.Connect, Sent: true }))
            return Ending.TimedOut;
        if (!scope.Sent && !scope.HasBegun)
            return Ending.Unsent;
        return scope is { Status: not null, AnswerEnded: true } ? Ending.NoReply : Ending.Cut;
    }
}
