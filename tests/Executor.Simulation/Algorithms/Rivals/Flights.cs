using Executor.Credentials;

namespace Executor.Simulation.Algorithms.Rivals;

/// <summary>One flight at a time for each key of a process; whoever comes meanwhile shares it.</summary>
internal sealed class Flights<T>
{
    private readonly Dictionary<CredentialKey, Task<T>> _inFlight = [];

    public Task<T> Join(CredentialKey key, Func<Task<T>> fly)
    {
        if (_inFlight.TryGetValue(key, out var flight))
            return flight;
        var begun = FlyAsync();
        if (!begun.IsCompleted)
            _inFlight[key] = begun;
        return begun;

        async Task<T> FlyAsync()
        {
            try
            {
                return await fly();
            }
            finally
            {
                _inFlight.Remove(key);
            }
        }
    }
}
