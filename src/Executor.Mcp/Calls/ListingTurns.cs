using Executor.Fairness;
using Executor.Identity;

namespace Executor.Mcp.Calls;

/// <summary>
/// Listings of one server beyond the limit wait, one turn a user. They are asked for in bursts, and over in a moment. A user who asks for
/// hundreds keeps nobody else waiting, and a step's call waits behind none of them.
/// </summary>
internal sealed class ListingTurns(int limit)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<McpServerId, Line> _lines = [];

    /// <summary>Returns when it is the caller's turn, which lasts until <see cref="End"/>.</summary>
    public async Task BeginAsync(UserId user, McpServerId server, CancellationToken cancellationToken)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_lines.TryGetValue(server, out var line))
                _lines[server] = line = new Line();
            if (line.Taken < limit)
            {
                line.Taken++;
                return;
            }

            line.Waiting.Join(user, turn);
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
            while (line.Waiting.TryLeave(static _ => true, out _, out var next))
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
        public FairLine<TaskCompletionSource> Waiting { get; } = new();

        public int Taken { get; set; }
    }
}
