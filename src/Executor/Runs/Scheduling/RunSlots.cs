using Executor.Identity;
using Executor.Runs.Driving;

namespace Executor.Runs.Scheduling;

/// <summary>
/// The room this node has: in all, for each user, for each MCP server, and for each user half a server. So one user's runs at a slow
/// server leave room for others at that same server.
/// </summary>
/// <param name="freed">Set when something is given back.</param>
internal sealed class RunSlots(RunOptions options, Signal freed)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UserId, int> _users = [];
    private readonly Dictionary<McpServerId, int> _servers = [];
    private readonly Dictionary<(UserId, McpServerId), int> _pairs = [];
    private readonly int _perPair = Math.Max(1, options.SlotsPerServer / 2);
    private List<ReadyRun> _waiting = [];
    private int _taken;

    public int Free
    {
        get
        {
            lock (_gate)
                return options.Slots - _taken;
        }
    }

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

    /// <summary>Runs that wait although they are due, as last seen: whoever has much more makes room between two steps.</summary>
    public void SetWaiting(IReadOnlyList<ReadyRun> waiting)
    {
        lock (_gate)
            _waiting = [.. waiting];
    }

    public Slot? TryTake(UserId user, McpServerId? server)
    {
        lock (_gate)
        {
            if (_taken >= options.Slots || _users.GetValueOrDefault(user) >= options.SlotsPerUser || !HasRoomAt(user, server))
                return null;
            _taken++;
            _waiting.RemoveAll(waiting => waiting.User == user);
            Add(_users, user, 1);
            Occupy(user, server, 1);
            return new Slot(this, user, server);
        }
    }

    private static void Add<TKey>(Dictionary<TKey, int> counts, TKey key, int by)
        where TKey : notnull
    {
        if ((counts[key] = counts.GetValueOrDefault(key) + by) == 0)
            counts.Remove(key);
    }

    private bool HasRoomAt(UserId user, McpServerId? server) => server is not { } at
        || (_servers.GetValueOrDefault(at) < options.SlotsPerServer && _pairs.GetValueOrDefault((user, at)) < _perPair);

    private void Occupy(UserId user, McpServerId? server, int by)
    {
        if (server is not { } at)
            return;
        Add(_servers, at, by);
        Add(_pairs, (user, at), by);
    }

    private bool TryMove(Slot slot, McpServerId next)
    {
        lock (_gate)
        {
            if (_waiting.Any(waiting => YieldsTo(waiting, slot, next)))
                return false;
            if (next == slot.Server)
                return true;
            if (!HasRoomAt(slot.User, next))
                return false;
            Occupy(slot.User, slot.Server, -1);
            Occupy(slot.User, next, 1);
            slot.Server = next;
        }

        freed.Set();
        return true;
    }

    private bool YieldsTo(ReadyRun waiting, Slot slot, McpServerId next)
    {
        if (waiting.User == slot.User || _users.GetValueOrDefault(waiting.User) + 1 >= _users.GetValueOrDefault(slot.User))
            return false;
        return _taken >= options.Slots
            || (waiting.Server == next && _servers.GetValueOrDefault(next) >= options.SlotsPerServer);
    }

    private void Return(Slot slot)
    {
        lock (_gate)
        {
            _taken--;
            Add(_users, slot.User, -1);
            Occupy(slot.User, slot.Server, -1);
        }

        freed.Set();
    }

    internal sealed class Slot(RunSlots slots, UserId user, McpServerId? server) : IDisposable
    {
        private int _returned;

        public UserId User => user;

        public McpServerId? Server { get; set; } = server;

        /// <summary>
        /// Moves on with its run's next step. Refused where there is no room, or where another user waits who has much less: then
        /// the run goes back to the queue.
        /// </summary>
        public bool TryMove(McpServerId next) => slots.TryMove(this, next);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
                slots.Return(this);
        }
    }
}
