namespace Executor.Sandbox.Mcp;

/// <summary>A request being served; travels with its message to the tool.</summary>
internal sealed class ActiveCall(McpSandbox sandbox, McpRequest entry, HttpContext http) : IDisposable
{
    public const string ItemKey = "sandbox.call";

    private readonly CancellationTokenSource _cancelled = new();

    public McpRequest Entry => entry;

    public CancellationToken CancelledByClient => _cancelled.Token;

    public bool IsCancelledByClient => _cancelled.IsCancellationRequested;

    public void Cancel() => _cancelled.Cancel();

    public void Abort()
    {
        Update(e => e with { Stage = McpStage.Aborted, Executed = true });
        http.Abort();
    }

    public void Update(Func<McpRequest, McpRequest> change) => sandbox.Journal.Update(entry.Sequence, change);

    public Task HoldAsync(int? milliseconds, CancellationToken cancellationToken) =>
        sandbox.Holds.WaitAsync(
            entry.Sequence, entry.GrantId, milliseconds, () => Update(e => e with { Stage = McpStage.Held }), cancellationToken);

    public void Dispose() => _cancelled.Dispose();
}

/// <summary>
/// Calls that a <c>notifications/cancelled</c> may end. Without sessions nothing ties the notification to its call but the bearer and the request id.
/// </summary>
internal sealed class RunningCalls
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, ActiveCall> _calls = [];

    public void Add(ActiveCall call)
    {
        lock (_gate)
        {
            _calls[call.Entry.Sequence] = call;
        }
    }

    public void Remove(ActiveCall call)
    {
        lock (_gate)
        {
            _calls.Remove(call.Entry.Sequence);
        }
    }

    public bool Cancel(string requestId, McpRequest notification)
    {
        // Inside the lock: a call that has been removed is disposed of next, and can no longer be cancelled.
        lock (_gate)
        {
            var found = _calls.Values.FirstOrDefault(c =>
                c.Entry.Id == requestId && c.Entry.Token == notification.Token && c.Entry.SessionId == notification.SessionId);
            found?.Cancel();
            return found is not null;
        }
    }
}
