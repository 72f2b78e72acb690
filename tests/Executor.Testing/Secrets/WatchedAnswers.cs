namespace Executor.Testing.Secrets;

/// <summary>
/// A client's way to a node: shows every answer to the watch, head and body. An event stream, which lasts, only its head: its events are
/// what is read as a run as well.
/// </summary>
internal sealed class WatchedAnswers(HttpMessageHandler inner, SecretWatch? watch = null) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var seen = watch ?? SecretWatch.OfThisRun;
        seen.See("answer's head", $"{response.Headers} {response.Content.Headers}");
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            return response;
        await response.Content.LoadIntoBufferAsync(cancellationToken);
        seen.See("answer", await response.Content.ReadAsStringAsync(cancellationToken));
        return response;
    }
}
