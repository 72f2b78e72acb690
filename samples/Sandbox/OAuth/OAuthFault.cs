namespace Executor.Sandbox.OAuth;

public enum Spending
{
    /// <summary>The token is not touched.</summary>
    Never,

    /// <summary>The grant is processed as usual, before the fault shows.</summary>
    Now,

    /// <summary>The request is held first, and processed when it is released, if the client is still there.</summary>
    WhenReleased,

    /// <summary>As <see cref="WhenReleased"/>, whether or not the client is still there: processing that nobody waits for any more.</summary>
    WhenReleasedRegardless,
}

public enum FaultAnswer
{
    /// <summary>What the server would have answered anyway.</summary>
    Usual,

    /// <summary>An RFC 6749 error body with <see cref="OAuthFault.Status"/>, which may be 200.</summary>
    Error,

    /// <summary><see cref="OAuthFault.Body"/>, with <see cref="OAuthFault.Status"/>.</summary>
    Written,

    /// <summary>An empty body with <see cref="OAuthFault.Status"/>.</summary>
    StatusOnly,
    Html,
    TruncatedJson,
    MalformedJson,
    HugeBody,
    SlowBody,
    Redirect,

    /// <summary>The connection is reset at the moment of the answer.</summary>
    Drop,

    /// <summary>The connection is reset first, before anything is held or processed.</summary>
    DropAtOnce,
}

/// <summary>A way for the token endpoint to go wrong. The factories name the cases; the members combine freely.</summary>
public sealed record OAuthFault
{
    public Spending Spending { get; init; } = Spending.Never;

    public FaultAnswer Answer { get; init; } = FaultAnswer.Usual;

    /// <summary>Hold the answer after the token was spent.</summary>
    public bool HoldAnswer { get; init; }

    /// <summary>A hold ends by itself after this time; otherwise it waits to be released.</summary>
    public int? HoldMilliseconds { get; init; }

    public int Status { get; init; } = 503;

    public string? ErrorCode { get; init; }

    /// <summary>
    /// The text of <see cref="FaultAnswer.Written"/>. <c>{answer}</c> stands for what the server would have answered, <c>{access_token}</c>
    /// and <c>{refresh_token}</c> for the tokens in it.
    /// </summary>
    public string Body { get; init; } = "{answer}";

    /// <summary>The <c>Content-Type</c> of <see cref="FaultAnswer.Written"/>; none where empty.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>How <see cref="FaultAnswer.Written"/> is compressed, unasked: <c>gzip</c>, <c>deflate</c>, <c>raw-deflate</c> or <c>br</c>.</summary>
    public string? Coding { get; init; }

    /// <summary>Leave out the header that tells the coding.</summary>
    public bool HidesCoding { get; init; }

    /// <summary>The encoding of <see cref="FaultAnswer.Written"/>, by its name for the framework, with its byte order mark.</summary>
    public string? Charset { get; init; }

    /// <summary>The <c>Retry-After</c> header: seconds or an HTTP date.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>Size of <see cref="FaultAnswer.HugeBody"/>.</summary>
    public int Bytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Only requests with a <c>resource</c>; otherwise any.</summary>
    public bool MeetsResourceOnly { get; init; }

    /// <summary>Only requests of this grant; otherwise any.</summary>
    public string? GrantId { get; init; }

    /// <summary>How many requests it meets; until cleared when null.</summary>
    public int? Times { get; init; } = 1;

    public static OAuthFault ErrorWithStatus200(string code) => new() { Answer = FaultAnswer.Error, Status = 200, ErrorCode = code };

    public static OAuthFault Error(string code, int status = 400) => new() { Answer = FaultAnswer.Error, Status = status, ErrorCode = code };

    /// <summary>A grant, in other words than usual.</summary>
    public static OAuthFault GrantAs(string body = "{answer}") =>
        new() { Spending = Spending.Now, Answer = FaultAnswer.Written, Status = 200, Body = body };

    /// <summary>A refusal in any words; the token is not spent.</summary>
    public static OAuthFault Says(int status, string body) => new() { Answer = FaultAnswer.Written, Status = status, Body = body };

    /// <summary>429, 425, 503 and the like; the token is not spent.</summary>
    public static OAuthFault Busy(int status, string? retryAfter = null) =>
        new() { Answer = FaultAnswer.StatusOnly, Status = status, RetryAfter = retryAfter };

    public static OAuthFault ServerErrorBeforeSpending(int status = 500) => new() { Answer = FaultAnswer.StatusOnly, Status = status };

    public static OAuthFault ServerErrorAfterSpending(int status = 500) =>
        new() { Spending = Spending.Now, Answer = FaultAnswer.StatusOnly, Status = status };

    public static OAuthFault HangBeforeSpending(int? milliseconds = null) =>
        new() { Spending = Spending.WhenReleased, HoldMilliseconds = milliseconds };

    public static OAuthFault HangAfterSpending(int? milliseconds = null) =>
        new() { Spending = Spending.Now, HoldAnswer = true, HoldMilliseconds = milliseconds };

    /// <summary>The connection stays open, and the token is spent on release even if the client has given up by then.</summary>
    public static OAuthFault LateWhileHeld() => new() { Spending = Spending.WhenReleasedRegardless };

    /// <summary>The connection drops at once; the token is spent later, on release.</summary>
    public static OAuthFault LateAfterDrop() => new() { Spending = Spending.WhenReleasedRegardless, Answer = FaultAnswer.DropAtOnce };

    public static OAuthFault DropBeforeSpending() => new() { Answer = FaultAnswer.Drop };

    public static OAuthFault DropAfterSpending() => new() { Spending = Spending.Now, Answer = FaultAnswer.Drop };

    public static OAuthFault Html(int status, bool spent) =>
        new() { Spending = spent ? Spending.Now : Spending.Never, Answer = FaultAnswer.Html, Status = status };

    public static OAuthFault TruncatedJson() => new() { Spending = Spending.Now, Answer = FaultAnswer.TruncatedJson };

    public static OAuthFault MalformedJson() => new() { Spending = Spending.Now, Answer = FaultAnswer.MalformedJson };

    public static OAuthFault HugeBody(int bytes) => new() { Spending = Spending.Now, Answer = FaultAnswer.HugeBody, Bytes = bytes };

    /// <summary>Half of the body, then a hold, then the rest.</summary>
    public static OAuthFault SlowBody(int? milliseconds = null) =>
        new() { Spending = Spending.Now, Answer = FaultAnswer.SlowBody, HoldMilliseconds = milliseconds };

    public static OAuthFault Redirect(int status = 302) => new() { Answer = FaultAnswer.Redirect, Status = status };
}
