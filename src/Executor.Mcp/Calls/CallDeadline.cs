namespace Executor.Mcp.Calls;

/// <summary>Ends a call for its caller or for its time limit, and tells which.</summary>
internal sealed class CallDeadline : IDisposable
{
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _either;

    public CallDeadline(TimeSpan limit, TimeProvider time, CancellationToken caller)
    {
        _limit = new CancellationTokenSource(limit, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(caller, _limit.Token);
    }

    public CancellationToken Token => _either.Token;

    public bool Passed => _limit.IsCancellationRequested;

    public void Dispose()
    {
        _either.Dispose();
        _limit.Dispose();
    }
}
