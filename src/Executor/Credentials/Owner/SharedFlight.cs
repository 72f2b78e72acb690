using Executor.Credentials.Refresh;
using Executor.Nodes;

namespace Executor.Credentials.Owner;

/// <summary>One attempt at a time to get past a generation, shared by any number of callers, and outliving them all.</summary>
internal sealed class SharedFlight(
    RefreshFlight refresh, CredentialReader reader, CredentialAlarms alarms, IDetachedWork work, TimeProvider time)
{
    /// <summary>How long an attempt that got nowhere is not repeated for callers who do not need it.</summary>
    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task<FlightEnd>? _flight;
    private Generation _generation;
    private long _endedAt;

    public bool IsUp
    {
        get
        {
            lock (_gate)
                return _flight is { IsCompleted: false };
        }
    }

    /// <param name="seen">The row of the generation to get past.</param>
    /// <param name="isRejected">Whether its access token was, asked when nothing is to be waited for any more.</param>
    /// <param name="probe">Who tries a refused token, if that is what it is for.</param>
    public Task<FlightEnd> Join(CredentialRow seen, Func<bool> isRejected, ProbeId? probe = null)
    {
        lock (_gate)
        {
            if (_flight is { IsCompleted: false } && _generation == seen.Generation)
                return _flight;
            var ended = new TaskCompletionSource<FlightEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
            _generation = seen.Generation;
            _flight = ended.Task;
            _ = work.Start("refresh", () => RunAsync(seen, isRejected, probe, ended));
            return ended.Task;
        }
    }

    /// <summary>Sees to it that the refresh is under way, for a caller who does not wait for it.</summary>
    public void Begin(CredentialRow seen, Func<bool> isRejected)
    {
        lock (_gate)
        {
            if (_generation != seen.Generation || time.GetElapsedTime(_endedAt) > _rest)
                _ = Join(seen, isRejected);
        }
    }

    private async Task RunAsync(CredentialRow seen, Func<bool> isRejected, ProbeId? probe, TaskCompletionSource<FlightEnd> ended)
    {
        try
        {
            var end = await refresh.RunAsync(seen, isRejected, probe, () => reader.Changed);
            if (end is FlightEnd.Undecryptable)
                alarms.Undecryptable(seen.Key);
            reader.Invalidate(); // those who waited read what it committed
            End();
            ended.SetResult(end);
        }
        catch (Exception defect)
        {
            End();
            ended.SetException(defect);
            _ = ended.Task.Exception; // observed, should nobody wait: the defect itself is logged below
            throw;
        }
    }

    private void End()
    {
        lock (_gate)
            _endedAt = time.GetTimestamp();
    }
}
