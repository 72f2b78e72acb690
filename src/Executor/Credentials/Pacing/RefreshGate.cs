using Executor.Credentials.Refresh;
using Executor.Identity;
using Executor.Nodes;
using Microsoft.Extensions.Options;

namespace Executor.Credentials.Pacing;

/// <summary>
/// Bounds what this node asks of one OAuth server: so many redemptions in flight, so many a second, and of one user only a part. So
/// neither a storm of expiries nor a user whose redemptions hang keeps others from refreshing. A turn is waited for before an intent is
/// opened: a permit to send is good for seconds only. Each node has its own gate, so a cluster's bound is this times its nodes.
/// </summary>
internal sealed class RefreshGate(IOptions<CredentialOptions> options, NodeState node, RefreshMetrics metrics, TimeProvider time)
{
    private const int ManyServers = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<OAuthServer, ServerTurns> _servers = [];
    private int _tooMany = ManyServers;

    /// <summary>A quarter: several users with nothing but hanging redemptions still leave room.</summary>
    private int LimitPerUser => Math.Max(1, options.Value.RefreshesPerServer / 4);

    /// <summary>Null when the caller has left, or the node drains.</summary>
    public async Task<RefreshTurn?> EnterAsync(OAuthServer server, UserId user, CancellationToken leaving)
    {
        var begun = time.GetTimestamp();
        var given = new TaskCompletionSource<RefreshTurn?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            var turns = Of(server);
            turns.Waiting.Join(user, (given, new RefreshTurn(this, server, user)));
            Advance(turns);
        }

        // Only one of them ends a wait: a turn that was given is never lost to one who leaves.
        await using var left = leaving.Register(() => given.TrySetResult(null));
        await using var drained = node.Draining.Register(() => given.TrySetResult(null));
        metrics.Queued(1);
        var turn = await given.Task;
        metrics.Queued(-1);
        metrics.Waited(time.GetElapsedTime(begun));
        return turn;
    }

    /// <summary>
    /// For a resolving redemption that would be too late after a wait, or whose first request holds a turn already. It takes its share of
    /// the rate all the same, and those who can wait, wait the longer. There are only so many of them: each follows one that waited.
    /// </summary>
    public void Pass(OAuthServer server)
    {
        lock (_gate)
            Of(server).Pace.Take();
    }

    /// <param name="used">Its share of the rate is spent.</param>
    internal void End(OAuthServer server, UserId user, bool used)
    {
        lock (_gate)
        {
            var turns = _servers[server];
            turns.End(user, used);
            Advance(turns);
        }
    }

    private void Advance(ServerTurns turns) => turns.Advance(options.Value.RefreshesPerServer, LimitPerUser);

    private ServerTurns Of(OAuthServer server)
    {
        if (_servers.TryGetValue(server, out var known))
            return known;
        if (_servers.Count >= _tooMany)
            ForgetIdle(); // users may name any endpoint
        return _servers[server] = new ServerTurns(
            new Pace(options.Value.RefreshRatePerServer, time),
            time.CreateTimer(_ => Again(server), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
    }

    private void Again(OAuthServer server)
    {
        lock (_gate)
        {
            if (_servers.TryGetValue(server, out var turns))
                Advance(turns);
        }
    }

    private void ForgetIdle()
    {
        foreach (var (server, turns) in _servers)
        {
            if (!turns.IsIdle)
                continue;
            turns.Forget();
            _servers.Remove(server); // allowed during enumeration
        }

        // Looked through again when as many have come: not for each one that comes while all are busy.
        _tooMany = Math.Max(ManyServers, _servers.Count * 2);
    }
}
