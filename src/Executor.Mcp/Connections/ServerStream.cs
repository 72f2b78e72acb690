using System.Net;
using System.Net.ServerSentEvents;
using Executor.Mcp.Http;

namespace Executor.Mcp.Connections;

/// <summary>
/// The stream on which a server speaks unasked (MCP 2025-03-26 to 2025-11-25, «Listening for Messages from the Server»). It is open while
/// a call of the connection is under way, and a moment longer. A tool may ask something there, and hangs when nobody hears it.
/// </summary>
internal sealed class ServerStream(
    PooledConnection connection, string? sessionId, string? version, HttpClient http, StreamMemory memory, McpOptions options, TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>A call does not wait longer for the stream; some servers show no sign of it before they have something to say.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Between a run's steps it stays open: some servers allow one stream in a session, and no second after it.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private int _calls;
    private bool _refused;
    private bool _isSilent;
    private Reading? _reading;

    /// <summary>Before a call is sent: what is asked while nobody listens is lost.</summary>
    public async Task<IDisposable> ListenAsync(CancellationToken cancellationToken)
    {
        Task opened;
        lock (_gate)
        {
            _calls++;
            if (_reading is null && !_refused && memory.MayOffer(connection.Key.Server))
            {
                var reading = _reading = new Reading();
                reading.Task = ReadAsync(reading);
            }

            opened = _isSilent || _reading is null ? Task.CompletedTask : _reading.Opened.Task;
        }

        await opened.WaitAsync(Patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Once a connection: the next call would wait as long, and for nothing.
        _isSilent |= !opened.IsCompleted;
        return new Listening(this);
    }

    public async ValueTask DisposeAsync()
    {
        Reading? reading;
        lock (_gate)
        {
            _refused = true;
            reading = _reading;
            _reading = null;
        }

        if (reading is null)
            return;
        await reading.End.CancelAsync();
        await reading.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_calls > 0 || _reading is not { } reading)
                return;
            _ = Task.Delay(Linger, time, reading.End.Token).ContinueWith(
                _ => CloseUnused(reading), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private void CloseUnused(Reading reading)
    {
        lock (_gate)
        {
            if (_calls > 0 || _reading != reading)
                return;
            _reading = null;
        }

        reading.End.Cancel();
    }

    private async Task ReadAsync(Reading reading)
    {
        var pause = FirstPause;
        try
        {
            while (await ReadOnceAsync(reading))
            {
                if (reading.HasHeard)
                    pause = FirstPause;
                reading.HasHeard = false;
                await Task.Delay(pause, time, reading.End.Token);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody calls any more.
        }
        finally
        {
            // The next call finds nobody reading, and begins anew.
            lock (_gate)
                _reading = _reading == reading ? null : _reading;
            reading.Opened.TrySetResult();
        }
    }

    /// <returns>Whether to come again, as after a break in the connection.</returns>
    private async Task<bool> ReadOnceAsync(Reading reading)
    {
        Scope().Enter();
        try
        {
            using var request = Request(HttpMethod.Get);
            request.Headers.Accept.ParseAdd("text/event-stream");
            if (reading.LastEventId is { } last)
                request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, reading.End.Token);
            if (!IsStream(response))
                return ComesAgain(response.StatusCode);
            reading.Opened.TrySetResult();
            await FollowAsync(await response.Content.ReadAsStreamAsync(reading.End.Token), reading);
            return true;
        }
        catch (Exception) when (!reading.End.IsCancellationRequested)
        {
            // Whatever it was, what the server sent has led to it, and the calls go on.
            return true;
        }
    }

    private async Task FollowAsync(Stream body, Reading reading)
    {
        var requests = new ServerRequests(connection, Scope, http, options, time);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(reading.End.Token))
        {
            reading.HasHeard = true;
            if (!string.IsNullOrEmpty(item.EventId))
                reading.LastEventId = item.EventId;
            if (item.Data.Length > 0)
                await requests.HandleAsync(item.Data, Request, reading.End.Token);
        }
    }

    private static bool IsStream(HttpResponseMessage response) => response.IsSuccessStatusCode
        && string.Equals(response.Content.Headers.ContentType?.MediaType, "text/event-stream", StringComparison.OrdinalIgnoreCase);

    private bool ComesAgain(HttpStatusCode status)
    {
        // The stream of a moment ago is not yet known to be closed, or the server is busy.
        if (status is HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError)
            return true;
        // MCP: «or else return HTTP 405 Method Not Allowed, indicating that the server does not offer an SSE stream».
        if (status is HttpStatusCode.MethodNotAllowed)
            memory.NotOffered(connection.Key.Server);
        // A token is judged by the call itself. Anything else holds for this session.
        else if (status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
            _refused = true;
        return false;
    }

    private CallScope Scope() =>
        new(connection.Server, ScopePurpose.Listen, () => connection.NewestBearer, new ByteBudget(options.MaxResultBytes)) { ProtocolVersion = version };

    private HttpRequestMessage Request(HttpMethod method)
    {
        var request = new HttpRequestMessage(method, connection.Server.Url);
        if (sessionId is not null)
            request.Headers.TryAddWithoutValidation("Mcp-Session-Id", sessionId);
        return request;
    }

    private sealed class Reading
    {
        public CancellationTokenSource End { get; } = new();

        public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task { get; set; } = Task.CompletedTask;

        public string? LastEventId { get; set; }

        public bool HasHeard { get; set; }
    }

    private sealed class Listening(ServerStream stream) : IDisposable
    {
        public void Dispose() => stream.Leave();
    }
}
