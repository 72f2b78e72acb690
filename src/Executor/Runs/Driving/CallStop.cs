namespace Executor.Runs.Driving;

internal enum StopReason
{
    None,

    /// <summary>The step's own time-out, in case the gateway's does not fire.</summary>
    TimedOut,
    CancelRequested,

    /// <summary>The node stops and has waited long enough.</summary>
    Drained,

    /// <summary>Another node has the run: whatever the call brings could not be written.</summary>
    ClaimLost,
}

/// <summary>Ends one call in flight. The first reason counts.</summary>
internal sealed class CallStop : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly Lock _gate = new();
    private bool _disposed;

    public StopReason Reason { get; private set; }

    public CancellationToken Token => _source.Token;

    public void Stop(StopReason reason)
    {
        lock (_gate)
        {
            if (Reason != StopReason.None || _disposed)
                return;
            Reason = reason;
        }

        // Outside the lock: whatever is cancelled runs here.
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended by itself in between.
        }
    }

    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        _source.Dispose();
    }
}
