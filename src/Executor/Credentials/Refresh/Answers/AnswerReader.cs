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
        var row = refusal?.Find(texts: IsComplete(status));
        if (row is { Class: AnswerClass.Reconnect or AnswerClass.Operator })
            return new RefreshAnswer.Refused(row.Reason) { Told = new BlockedReason(row.Code) }; // some say so with 200, some with 500
        switch (status)
        {
            case (HttpStatusCode)425 or HttpStatusCode.TooManyRequests:
                return new RefreshAnswer.NotSpent(retryAfter) { Told = BlockedReason.RateLimited };
            case HttpStatusCode.RequestTimeout or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout:
                // A proxy spoke: the server behind may still be at it.
                return new RefreshAnswer.InDoubt(Answered: false, retryAfter) { Told = BlockedReason.ServerError };
            case >= HttpStatusCode.InternalServerError:
                return new RefreshAnswer.InDoubt(Answered: true, retryAfter) { Told = BlockedReason.ServerError };
        }

        var isSuccess = (int)status is >= 200 and < 300;
        if (isSuccess && refusal is not { IsSaid: true } && body is not null && AnswerGrant.Read(body.Root) is { } granted)
            return granted;
        if (isSuccess && refusal is null)
            return new RefreshAnswer.InDoubt(Answered: true, retryAfter) { Told = BlockedReason.UnreadableAnswer };
        return Refused(row, Refusal.Mark((int)status, refusal), retryAfter);
    }

    private static RefreshAnswer Refused(AnswerRow? row, RefusalMark mark, TimeSpan? retryAfter)
    {
        var told = row is null ? BlockedReason.Other : new BlockedReason(row.Code);
        return row?.Class switch
        {
            AnswerClass.Passing => new RefreshAnswer.NotSpent(retryAfter) { Told = told },
            AnswerClass.NotSpent => new RefreshAnswer.NotSpent(retryAfter) { Told = told, Mark = mark },
            AnswerClass.Resource => new RefreshAnswer.NotSpent(retryAfter) { Told = told, Mark = mark, RefusesResource = true },
            _ => new RefreshAnswer.InDoubt(Answered: true, retryAfter) { Told = told, Mark = mark },
        };
    }

    /// <summary>The server itself has answered, and not that it is busy.</summary>
    private static bool IsComplete(HttpStatusCode status) =>
        status < HttpStatusCode.InternalServerError
        && status is not (HttpStatusCode.RequestTimeout or (HttpStatusCode)425 or HttpStatusCode.TooManyRequests);
}
