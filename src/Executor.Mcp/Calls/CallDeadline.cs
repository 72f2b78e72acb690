namespace Executor.Mcp.Calls;

/// <summary>Ends a call for its caller or for its time limit, and tells which.</summary>
internal sealed class CallDeadline : IDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _silence;
    private readonly TimeSpan _most;
    private readonly long _began;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _either;

    /// <param name="silence">How long nothing may be heard of the call.</param>
    /// <param name="most">How long it may take, whatever is heard of it; the same where nothing is said.</param>
    public CallDeadline(TimeSpan silence, TimeProvider time, CancellationToken caller, TimeSpan? most = null)
    {
        _time = time;
        _silence = silence;
        _most = most ?? silence;
        _began = time.GetTimestamp();
        _limit = new CancellationTokenSource(silence, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(caller, _limit.Token);
    }

    public CancellationToken Token => _either.Token;

    public bool Passed => _limit.IsCancellationRequested;

    /// <summary>The server has said that it is at it.</summary>
    public void Extend()
    {
        var left = _most - _time.GetElapsedTime(_began);
        var next = left < _silence ? left : _silence;
        try
        {
            if (next > TimeSpan.Zero)
                _limit.CancelAfter(next);
        }
        catch (ObjectDisposedException)
        {
            // Said after the call had ended.
        }
    }

    public void Dispose()
    {
        _either.Dispose();
        _limit.Dispose();
    }
}
