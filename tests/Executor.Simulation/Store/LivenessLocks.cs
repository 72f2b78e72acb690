namespace Executor.Simulation.Store;

/// <summary>
/// The session-level locks, as the server has them. A connection ends on both sides, but not at one moment: the server may free a
/// lock before its holder learns that it is lost, and believe in a connection that its holder has long given up.
/// </summary>
internal sealed class LivenessLocks
{
    private readonly Dictionary<long, LivenessConnection> _held = [];

    public bool IsHeld(long incarnation) => _held.ContainsKey(incarnation);

    /// <summary>Null when another connection holds it.</summary>
    public LivenessConnection? TryTake(long incarnation)
    {
        var connection = new LivenessConnection(incarnation);
        return _held.TryAdd(incarnation, connection) ? connection : null;
    }

    /// <summary>The server's side of a connection ends.</summary>
    public void Free(LivenessConnection connection)
    {
        if (_held.TryGetValue(connection.Incarnation, out var holder) && holder == connection)
            _held.Remove(connection.Incarnation);
    }

    /// <summary>The server ends whichever connection holds the lock; its holder notices.</summary>
    public void EndHolder(long incarnation)
    {
        if (_held.Remove(incarnation, out var holder))
            holder.IsBelieved = false;
    }
}

/// <summary>A connection that holds one incarnation's lock.</summary>
internal sealed class LivenessConnection(long incarnation)
{
    public long Incarnation => incarnation;

    /// <summary>Its process takes it for alive.</summary>
    public bool IsBelieved { get; set; } = true;
}
