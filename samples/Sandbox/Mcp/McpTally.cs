namespace Executor.Sandbox.Mcp;

internal sealed class McpTally
{
    private readonly Lock _gate = new();
    private McpCounters _counters = new();

    public McpCounters Read(int openSessions, int sessionsOpened, int held)
    {
        lock (_gate)
        {
            return _counters with { OpenSessions = openSessions, SessionsOpened = sessionsOpened, Held = held };
        }
    }

    public void Request() => Change(c => c with { Requests = c.Requests + 1 });

    public void Refused() => Change(c => c with { Refused = c.Refused + 1 });

    public void Cancellation() => Change(c => c with { Cancellations = c.Cancellations + 1 });

    public void CallStarted() => Change(c => c with
    {
        ToolCalls = c.ToolCalls + 1,
        Concurrency = c.Concurrency + 1,
        MaxConcurrency = Math.Max(c.MaxConcurrency, c.Concurrency + 1),
    });

    public void CallEnded() => Change(c => c with { Concurrency = c.Concurrency - 1 });

    public void StreamOpened(bool get) => Stream(get, 1);

    public void StreamClosed(bool get) => Stream(get, -1);

    /// <summary>What is open stays counted.</summary>
    public void Reset() => Change(c => new McpCounters
    {
        Concurrency = c.Concurrency,
        MaxConcurrency = c.Concurrency,
        OpenStreams = c.OpenStreams,
        OpenGetStreams = c.OpenGetStreams,
    });

    private void Stream(bool get, int by) => Change(c => c with { OpenStreams = c.OpenStreams + by, OpenGetStreams = c.OpenGetStreams + (get ? by : 0) });

    private void Change(Func<McpCounters, McpCounters> change)
    {
        lock (_gate)
        {
            _counters = change(_counters);
        }
    }
}
