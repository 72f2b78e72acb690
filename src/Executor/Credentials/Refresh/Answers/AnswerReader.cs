using System.Net;

namespace Executor.Credentials.Refresh;

/// <summary>
/// Says what a complete answer means for the refresh token. Nothing of what the server wrote goes further than the tokens and the codes of
/// the table: an error's description may quote the request.
/// </summary>
internal static class AnswerReader
{
    /// <param name="isFramed">The end of the body is where its headers say: a form does not show by itself that it is cut off.</param>
    public static RefreshAnswer Read(HttpStatusCode status, ReadOnlyMemory<byte> text, TimeSpan? retryAfter, bool isFramed = true)
    {
        using var body = AnswerBody.FromJson(text.Span) ?? (isFramed ? AnswerBody.FromForm(text.Span) : null);
        var refusal = body is null ? null : Refusal.Read(body.Root);
        var isSuccess = (int)status is >= 200 and < 300;

        // First: a text beside a grant may tell that the token before it is revoked.
        if (isSuccess && refusal is not { IsSaid: true } && body is not null && AnswerGrant.Read(body.Root) is { } granted)
            return granted;
        var row = refusal?.Find(texts: IsComplete(status));
        if (row is { Class: AnswerClass.Reconnect or AnswerClass.Operator })
            return new RefreshAnswer.Refused(row.Reason) { Told = new BlockedReason(row.Code) }; // some say so with 200, some with 500
        if (status is (HttpStatusCode)425 or HttpStatusCode.TooManyRequests)
            return new RefreshAnswer.NotSpent(retryAfter) { Told = BlockedReason.RateLimited };
        if (IsProxys((int)status))
            return new RefreshAnswer.InDoubt(Answered: false, retryAfter) { Told = BlockedReason.ServerError };
        if (status >= HttpStatusCode.InternalServerError)
            return new RefreshAnswer.InDoubt(Answered: true, retryAfter) { Told = BlockedReason.ServerError };

        var told = isSuccess && refusal is not { HasCode: true } ? BlockedReason.UnreadableAnswer : BlockedReason.Other;
        return Refused(row, row is null ? told : new BlockedReason(row.Code), Refusal.Mark((int)status, refusal), retryAfter);
    }

    private static RefreshAnswer Refused(AnswerRow? row, BlockedReason told, RefusalMark mark, TimeSpan? retryAfter)
    {
        // Who says when to come again, or that it is at fault itself, says that it passes.
        var counted = retryAfter is null && row is not { Class: AnswerClass.Passing or AnswerClass.InDoubt } ? mark : (RefusalMark?)null;
        return row?.Class switch
        {
            AnswerClass.Passing or AnswerClass.NotSpent => new RefreshAnswer.NotSpent(retryAfter) { Told = told, Mark = counted },
            AnswerClass.Resource => new RefreshAnswer.NotSpent(retryAfter) { Told = told, Mark = counted, RefusesResource = true },
            _ => new RefreshAnswer.InDoubt(Answered: true, retryAfter) { Told = told, Mark = counted },
        };
    }

    /// <summary>A proxy has given up, and the server behind it may still be at it. Above 511: Cloudflare's, and two that others use.</summary>
    private static bool IsProxys(int status) => status is 408 or 502 or 504 or (>= 520 and <= 527) or 530 or 598 or 599;

    /// <summary>The server itself has answered, and not that it is busy.</summary>
    private static bool IsComplete(HttpStatusCode status) =>
        status < HttpStatusCode.InternalServerError
        && status is not (HttpStatusCode.RequestTimeout or (HttpStatusCode)425 or HttpStatusCode.TooManyRequests);
}
