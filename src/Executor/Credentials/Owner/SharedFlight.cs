using Executor.Credentials.Refresh;
using Executor.Nodes;

namespace Executor.Credentials.Owner;

/// <summary>One attempt at a time to get past a generation, shared by any number of callers, and outliving them all.</summary>
internal sealed class SharedFlight(CredentialKey key, RefreshFlight refresh, CredentialReader reader, IDetachedWork work)
{
    private readonly Lock _gate = new();
    private Task<FlightEnd>? _flight;
    private Generation _generation;

    public bool IsUp
    {
        get
        {
            lock (_gate)
                return _flight is { IsCompleted: false };
        }
    }

    /// <param name="generation">The one to get past.</param>
    /// <param name="dropsAccessToken">Its access token was rejected.</param>
    public Task<FlightEnd> Join(Generation generation, bool dropsAccessToken)
    {
        lock (_gate)
        {
            if (_flight is { IsCompleted: false } && _generation == generation)
                return _flight;
            var ended = new TaskCompletionSource<FlightEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
            _generation = generation;
            _flight = ended.Task;
            _ = work.Start("refresh", () => RunAsync(generation, dropsAccessToken, ended));
            return ended.Task;
        }
    }

    private async Task RunAsync(Generation generation, bool dropsAccessToken, TaskCompletionSource<FlightEnd> ended)
    {
        try
        {
            var end = await refresh.RunAsync(key, generation, dropsAccessToken, () => reader.Changed);
            reader.Invalidate(); // those who waited read what it committed
            ended.SetResult(end);
        }
        catch (Exception defect)
        {
            ended.SetException(defect);
            throw;
        }
    }
}
