using Executor.Identity;

namespace Executor.Runs.Scheduling;

/// <summary>
/// The room this node has: in all, per user, per MCP server, and half a server per user, so that one user's runs at a slow server
/// leave room for others at that same server.
/// </summary>
internal sealed class RunSlots(RunOptions options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UserId, int> _users = [];
    private readonly Dictionary<McpServerId, int> _servers = [];
    private readonly Dictionary<(UserId, McpServerId), int> _pairs = [];
    private IReadOnlyList<ReadyRun> _waiting = [];
    private int _taken;

    /// <summary>Something was given back. Handlers return at once.</summary>
    public event Action? Freed;

    public int Free
    {
        get
        {
            lock (_gate)
                return options.Slots - _taken;
        }
    }

    private int PerPair => Math.Max(1, options.SlotsPerServer / 2);

    public IReadOnlyList<McpServerId> Saturated()
    {
        lock (_gate)
            return _servers.Where(entry => entry.Value >= options.SlotsPerServer).Select(entry => entry.Key).ToList();
    }

    public int Of(UserId user)
    {
        lock (_gate)
            return _users.GetValueOrDefault(user);
    }

    /// <summary>Runs that wait although they are due, as last seen: whoever has more than its share makes room between two steps.</summary>
    public void SetWaiting(IReadOnlyList<ReadyRun> waiting)
    {
        lock (_gate)
            _waiting = waiting;
    }

    public Slot? TryTake(UserId user, McpServerId? server)
    {
        lock (_gate)
        {
            if (_taken >= options.Slots || _users.GetValueOrDefault(user) >= options.SlotsPerUser || !HasRoomAt(user, server))
                return null;
            _taken++;
            Add(_users, user, 1);
            Occupy(user, server, 1);
            return new Slot(this, user, server);
        }
    }

    private bool HasRoomAt(UserId user, McpServerId? server) => server is not { } at
        || (_servers.GetValueOrDefault(at) < options.SlotsPerServer && _pairs.GetValueOrDefault((user, at)) < PerPair);

    private void Occupy(UserId user, McpServerId? server, int by)
    {
        if (server is not { } at)
            return;
        Add(_servers, at, by);
        Add(_pairs, (user, at), by);
    }

    private static void Add<TKey>(Dictionary<TKey, int> counts, TKey key, int by)
        where TKey : notnull
    {
        if ((counts[key] = counts.GetValueOrDefault(key) + by) == 0)
            counts.Remove(key);
    }

    internal sealed class Slot(RunSlots slots, UserId user, McpServerId? server) : IDisposable
    {
        private McpServerId? _server = server;
        private bool _disposed;

        /// <summary>
        /// Moves on with its run's next step. Refused where there is no room, or where another user waits who has much less: then the
        /// run goes back to the queue, behind them.
        /// </summary>
        public bool TryMove(McpServerId next)
        {
            var moved = false;
            lock (slots._gate)
            {
                if (ShouldYield(next))
                    return false;
                if (next == _server)
                    return true;
                if (slots.HasRoomAt(user, next))
                {
                    slots.Occupy(user, _server, -1);
                    slots.Occupy(user, _server = next, 1);
                    moved = true;
                }
            }

            if (moved)
                slots.Freed?.Invoke();
            return moved;
        }

        public void Dispose()
        {
            lock (slots._gate)
            {
                if (_disposed)
                    return;
                _disposed = true;
                slots._taken--;
                Add(slots._users, user, -1);
                slots.Occupy(user, _server, -1);
            }

            slots.Freed?.Invoke();
        }

        private bool ShouldYield(McpServerId next)
        {
            var full = slots._taken >= Limits.Slots;
            foreach (var waiting in slots._waiting)
            {
                if (waiting.User == user || slots._users.GetValueOrDefault(waiting.User) + 1 >= slots._users.GetValueOrDefault(user))
                    continue;
                if (full || (waiting.Server is { } server && server == next && slots._servers.GetValueOrDefault(server) >= Limits.SlotsPerServer))
                    return true;
            }

            return false;
        }

        private RunOptions Limits => slots.Limits;
    }

    private RunOptions Limits => options;
}
