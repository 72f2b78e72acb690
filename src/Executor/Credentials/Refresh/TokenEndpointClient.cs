using System.Net;
using System.Net.Http.Headers;

namespace Executor.Credentials.Refresh;

/// <summary>Sends one refresh request, once, and classifies what comes of it. Never throws for what a server or network does.</summary>
internal sealed class TokenEndpointClient(HttpMessageInvoker http, TimeProvider time)
{
    /// <summary>
    /// The last part of the deadline begins when this process notices it. A process that stood still meanwhile first reads the answer
    /// that has arrived. It may be the only copy of the new token.
    /// </summary>
    private static readonly TimeSpan LastLook = TimeSpan.FromSeconds(5);

    /// <param name="mayWrite">Asked directly before the token would be written.</param>
    /// <param name="deadline">How long to listen.</param>
    /// <param name="givingUp">Ends the listening before that.</param>
    public async Task<RefreshAnswer> SendAsync(
        RefreshGrant grant, Func<CancellationToken, Task<bool>> mayWrite, TimeSpan deadline, CancellationToken givingUp)
    {
        using var body = new PermittedContent(grant.Body(), mayWrite);
        using var request = new HttpRequestMessage(HttpMethod.Post, grant.TokenEndpoint)
        {
            Content = body,
            // HTTP/2 would let the server refuse a stream and the handler send it again.
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        request.Headers.TryAddWithoutValidation("User-Agent", grant.UserAgent);
        request.Headers.Authorization = grant.Authorization();

        using var listening = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var lastLook = Spans.Min(LastLook, deadline);
        await using var nearlyOver = time.CreateTimer(
            _ => listening.CancelAfter(lastLook), null, deadline - lastLook, Timeout.InfiniteTimeSpan);
        var earlier = givingUp.Register(() => Stop(listening));
        try
        {
            using var response = await http.SendAsync(request, listening.Token);
            earlier.Unregister(); // an answer that has begun is worth its end
            return await ReadAsync(response, listening.Token);
        }
        catch (Exception) when (body.Refused)
        {
            return new RefreshAnswer.GivenUp();
        }
        catch (Exception) when (!body.Written)
        {
            return new RefreshAnswer.NotSpent { Told = BlockedReason.Unreachable }; // no connection, no TLS, a refused address
        }
        catch (Exception)
        {
            return NoAnswer(); // written, and then whatever: only the server knows
        }
        finally
        {
            earlier.Unregister(); // to dispose of it would be to wait for it, should it just be called
        }
    }

    private static void Stop(CancellationTokenSource listening)
    {
        try
        {
            listening.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The answer came at this moment.
        }
    }

    private static RefreshAnswer.InDoubt NoAnswer() => new(Answered: false) { Told = BlockedReason.NoAnswer };

    private async Task<RefreshAnswer> ReadAsync(HttpResponseMessage response, CancellationToken listening)
    {
        var retryAfter = RetryAfter(response.Headers.RetryAfter);
        using var raw = new MemoryStream();
        var isWhole = await ReadAsync(response, raw, listening);
        if (raw.Length > AnswerText.MaxBytes || AnswerText.Decode(raw.ToArray(), response.Content.Headers.ContentEncoding) is not { } text)
            return AnswerReader.Read(response.StatusCode, default, retryAfter); // too long to be a grant or an error

        if (isWhole)
            return AnswerReader.Read(response.StatusCode, text, retryAfter, IsFramed(response));

        // A grant that is all there is a grant, although the connection broke before what should have followed it.
        return AnswerReader.Read(response.StatusCode, text, retryAfter, isFramed: false) is var cut
            and (RefreshAnswer.Granted or RefreshAnswer.Refused)
            ? cut
            : NoAnswer();
    }

    /// <summary>False when it broke off, or the time was up.</summary>
    private static async Task<bool> ReadAsync(HttpResponseMessage response, MemoryStream into, CancellationToken listening)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(listening);
            while (into.Length <= AnswerText.MaxBytes && await stream.ReadAsync(buffer, listening) is var read and > 0)
                into.Write(buffer, 0, read);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    private static bool IsFramed(HttpResponseMessage response) =>
        response.Content.Headers.ContentLength is not null || response.Headers.TransferEncodingChunked == true;

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        var wait = header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);
        return wait > TimeSpan.Zero ? wait : null;
    }
}
