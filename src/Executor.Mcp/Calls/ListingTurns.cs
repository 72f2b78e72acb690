using Executor.Identity;

namespace Executor.Mcp.Calls;

/// <summary>
/// Listings of one server beyond the limit wait, one turn a user: they are asked for in bursts and over in a moment, but a user who
/// asks for hundreds must not keep another waiting, and a step's call waits behind none of them.
/// </summary>
internal sealed class ListingTurns(int limit)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<McpServerId, Line> _lines = [];

    /// <summary>Returns when it is the caller's turn, which lasts until <see cref="End"/>.</summary>
    public async Task BeginAsync(UserId user, McpServerId server, CancellationToken cancellationToken)
    {
        TaskCompletionSource turn;
        lock (_gate)
        {
            if (!_lines.TryGetValue(server, out var line))
                _lines[server] = line = new Line();
            if (line.Taken < limit)
            {
                line.Taken++;
                return;
            }

            turn = line.Join(user);
        }

        // Only one of the two ends a wait: a turn that was given is never lost to a caller who leaves.
        await using var leaving = cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken));
        await turn.Task;
    }

    public void End(McpServerId server)
    {
        lock (_gate)
        {
            var line = _lines[server];
            while (line.TryLeave(out var next))
            {
                if (next.TrySetResult())
                    return;
            }

            if (--line.Taken == 0)
                _lines.Remove(server);
        }
    }

    private sealed class Line
    {
        private readonly Dictionary<UserId, Queue<TaskCompletionSource>> _waiting = [];
        private readonly Queue<UserId> _users = new();

        public int Taken { get; set; }

        public TaskCompletionSource Join(UserId user)
        {
            if (!_waiting.TryGetValue(user, out var own))
            {
                _waiting[user] = own = new Queue<TaskCompletionSource>();
                _users.Enqueue(user);
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            own.Enqueue(turn);
            return turn;
        }

        public bool TryLeave(out TaskCompletionSource turn)
        {
            turn = null!;
            if (!_users.TryDequeue(out var user))
                return false;
            var own = _waiting[user];
            turn = own.Dequeue();
            if (own.Count > 0)
                _users.Enqueue(user);
            else
                _waiting.Remove(user);
            return true;
        }
    }
}
