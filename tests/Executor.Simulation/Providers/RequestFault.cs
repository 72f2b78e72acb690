using Executor.Simulation.Engine;

namespace Executor.Simulation.Providers;

internal enum RequestFault
{
    None,

    /// <summary>No connection: nothing was written.</summary>
    NoConnection,

    /// <summary>Written, and never seen by the server; the connection breaks, or hangs.</summary>
    RequestLost,

    /// <summary>The connection breaks, and the request goes on.</summary>
    BreaksBeforeProcessing,

    /// <summary>Processed, and the answer never arrives.</summary>
    AnswerLost,
    ArrivesLate,
    AnswersLate,
    ErrorBefore,
    ErrorAfter,
    Busy,
    Html,
    Truncated,
    Redirect,
    ClientRefused,
    HarmlessError,

    /// <summary>HTTP 200 with an <c>error</c> member.</summary>
    ErrorWithSuccess,

    /// <summary>The server says <c>invalid_grant</c> of a token that another of its processes is busy with; once of each token.</summary>
    RefusedInError,
}

internal static class RequestFaults
{
    public static RequestFault Draw(Dice dice) => dice.Next(3) != 0 ? RequestFault.None : (RequestFault)dice.Next(17);

    /// <summary>What the sender hears in place of the provider's answer.</summary>
    public static (int Status, string Body, int? RetryAfter)? Instead(RequestFault fault, Dice dice) => fault switch
    {
        RequestFault.ErrorBefore or RequestFault.ErrorAfter =>
            (dice.Pick(500, 502, 503, 504, 408), "", dice.OneIn(3) ? dice.Pick(1, 20, 60) : null),
        RequestFault.Busy => (dice.Pick(429, 425), "", dice.OneIn(2) ? dice.Pick(1, 20, 60) : null),
        RequestFault.Html => (dice.Pick(200, 502), "<html><body>Sorry</body></html>", null),
        RequestFault.Truncated => (200, """{"access_token":"at-""", null),
        RequestFault.Redirect => (302, "", null),
        RequestFault.ClientRefused => (401, dice.OneIn(2) ? """{"error":"invalid_client"}""" : """{"error":"unauthorized_client"}""", null),
        RequestFault.HarmlessError => (400, """{"error":"slow_down"}""", null),
        RequestFault.ErrorWithSuccess => (200, """{"error":"temporarily_unavailable"}""", null),
        RequestFault.RefusedInError => (400, """{"error":"invalid_grant"}""", null),
        _ => null,
    };

    /// <summary>The server, or what stands before it, answers without a look at the token.</summary>
    public static bool LeavesTokenAlone(RequestFault fault) => fault
        is RequestFault.RequestLost
        or RequestFault.ErrorBefore
        or RequestFault.Busy
        or RequestFault.Redirect
        or RequestFault.ClientRefused
        or RequestFault.HarmlessError
        or RequestFault.ErrorWithSuccess
        or RequestFault.RefusedInError;
}
