using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Executor.Nodes;

/// <summary>This node's life in the registry: it beats, keeps its lock, watches the others, and begins anew when it was cut off.</summary>
internal sealed partial class NodeLiveness(
    INodeRegistry registry, NodeState state, TimeProvider time, IOptions<NodeOptions> options, ILogger<NodeLiveness> logger) : INodeLiveness
{
    private readonly string _name = options.Value.Name;
    private readonly TimeSpan _lease = options.Value.Lease;
    private readonly Lock _gate = new();
    private readonly NodeSightings _sightings = new(time, options.Value.Lease);
    private readonly HashSet<NodeRef> _others = [];
    private NodeRef? _self;
    private long? _lastBeat;
    private long? _lockLostSince;

    /// <summary>This incarnation is over and the next has not entered yet.</summary>
    private bool _ended;
    private bool _isShared;

    public NodeRef Self
    {
        get
        {
            lock (_gate)
                return _self ?? throw new InvalidOperationException("This node has not entered the registry yet.");
        }
    }

    public bool MayOpenIntents
    {
        get
        {
            if (state.Phase >= NodePhase.Draining || Current is not { } self)
                return false;
            return registry.HoldsLock(self);
        }
    }

    public bool MayStartSteps
    {
        get
        {
            if (state.Phase >= NodePhase.Draining)
                return false;
            lock (_gate)
                return _self is not null && !_ended && (IsAlone || (_lastBeat is { } last && time.GetElapsedTime(last) < _lease / 2));
        }
    }

    /// <summary>There is but one node (SQLite): nothing has to be beaten or watched.</summary>
    public bool IsAlone { get; private set; }

    /// <summary>How long until the next <see cref="TickAsync"/>: a lost lock is taken again in haste.</summary>
    public TimeSpan Pause => Current is { } self && registry.HoldsLock(self) ? _lease / 5 : _lease / 15;

    private NodeRef? Current
    {
        get
        {
            lock (_gate)
                return _ended ? null : _self;
        }
    }

    public bool IsSuspect(NodeRef node)
    {
        lock (_gate)
        {
            if (node == _self)
                return false;
            return IsAlone || _sightings.IsSuspect(node);
        }
    }

    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        var entered = await registry.EnterAsync(_name, cancellationToken);
        lock (_gate)
        {
            if (_self is { } former)
                _others.Add(former);
            _self = entered;
            _lastBeat = null;
            _lockLostSince = null;
            _ended = false;
        }

        Log.Entered(logger, entered.Name, entered.Incarnation);
    }

    /// <summary>Beats and looks for the first time. Where not even this node is listed, there are no others to come.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken);
        await BeatAsync(cancellationToken);
        IsAlone = await ObserveAsync(cancellationToken) == 0;
    }

    /// <summary>One round of beating and watching. Ends well when the database is away: then nothing is counted.</summary>
    public async Task TickAsync(CancellationToken cancellationToken)
    {
        // A read that hangs is a failed one: the series of reads is broken either way.
        using var limit = new CancellationTokenSource(_lease / 2, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (Current is null)
                await EnterAsync(linked.Token);
            await BeatAsync(linked.Token);
            await KeepLockAsync(linked.Token);
            await ObserveAsync(linked.Token);
            await MarkAbandonedAsync(linked.Token);
        }
        catch (Exception failure)
        {
            // Whatever it was: a node whose heart stopped would have to end, and what it sent would be nobody's.
            cancellationToken.ThrowIfCancellationRequested();
            var isOutage = failure is StoreUnavailableException or OperationCanceledException;
            lock (_gate)
            {
                _sightings.Interrupt();

                // Whoever cannot reach the database cannot be blamed for not taking its lock again. A defect excuses nobody: if it
                // is in the taking, only a new incarnation gets on.
                if (isOutage)
                    _lockLostSince = null;
            }

            if (isOutage)
                Log.Unreachable(logger); // the outage itself is told once, by the database
            else
                Log.Defective(logger, failure.GetType().Name);
        }
    }

    public Task LeaveAsync(CancellationToken cancellationToken) =>
        Current is { } self ? registry.LeaveAsync(self, cancellationToken) : Task.CompletedTask;

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        if (Current is not { } self)
            return;
        var began = time.GetTimestamp();
        await registry.BeatAsync(self, cancellationToken);
        lock (_gate)
            _lastBeat = began;
    }

    private async Task KeepLockAsync(CancellationToken cancellationToken)
    {
        if (Current is not { } self)
            return;
        if (registry.HoldsLock(self))
        {
            lock (_gate)
                _lockLostSince = null;
            return;
        }

        var since = LostSince(self);
        if (time.GetElapsedTime(since) < _lease / 3 && await RetakeAsync(self, since, cancellationToken))
            return;
        lock (_gate)
            _ended = true;
        Log.Ended(logger, self.Name, self.Incarnation);
        await EnterAsync(cancellationToken);
        await BeatAsync(cancellationToken);
    }

    private long LostSince(NodeRef self)
    {
        var since = time.GetTimestamp();
        lock (_gate)
        {
            if (_lockLostSince is { } known)
                return known;
            _lockLostSince = since;
        }

        Log.LockLost(logger, self.Name, self.Incarnation);
        return since;
    }

    /// <returns>False when this incarnation is over.</returns>
    private async Task<bool> RetakeAsync(NodeRef self, long since, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_lease / 15, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await registry.RetakeLockAsync(self, linked.Token);
        }
        catch (Exception failure) when (failure is StoreUnavailableException or OperationCanceledException)
        {
            // The beat before this went through, so the database is there: another session has the lock, and the count goes on.
            cancellationToken.ThrowIfCancellationRequested();
            return time.GetElapsedTime(since) < _lease / 3;
        }
    }

    private async Task<int> ObserveAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var sightings = await registry.ObserveAsync(cancellationToken);
        lock (_gate)
        {
            _sightings.Record(sightings, began);
            _sightings.Forget();

            // Somebody wrote this incarnation down as gone: its locks and intents are no longer its own.
            _isShared |= sightings.Count > 0;
            if (_isShared && _self is { } self && sightings.All(sighting => sighting.Node != self))
                _ended = true;
        }

        Tell(sightings);
        return sightings.Count;
    }

    /// <summary>Who came and who went since the last look, those whom this node has itself written down as gone excepted.</summary>
    private void Tell(IReadOnlyList<NodeSighting> sightings)
    {
        var listed = sightings.Select(sighting => sighting.Node).ToHashSet();
        foreach (var node in listed.Where(node => node != Current && _others.Add(node)))
            Log.Joined(logger, node.Name, node.Incarnation);
        foreach (var node in _others.Where(node => !listed.Contains(node)).ToList())
        {
            _others.Remove(node);
            Log.Left(logger, node.Name, node.Incarnation);
        }
    }

    private async Task MarkAbandonedAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<NodeRef> abandoned;
        lock (_gate)
            abandoned = _self is { } self ? _sightings.Abandoned(self) : [];
        foreach (var node in abandoned)
        {
            await registry.MarkGoneAsync(node, cancellationToken);
            _others.Remove(node);
            Log.MarkedGone(logger, node.Name, node.Incarnation);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} entered as incarnation {Incarnation}")]
        public static partial void Entered(ILogger logger, string node, long incarnation);

        [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} is in the cluster, as incarnation {Incarnation}")]
        public static partial void Joined(ILogger logger, string node, long incarnation);

        [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} has left the cluster, as incarnation {Incarnation}")]
        public static partial void Left(ILogger logger, string node, long incarnation);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} lost the liveness lock of incarnation {Incarnation}; no refresh starts until it is taken again")]
        public static partial void LockLost(ILogger logger, string node, long incarnation);

        [LoggerMessage(Level = LogLevel.Error, Message = "Incarnation {Incarnation} of node {Node} has ended: it was without its lock for too long, or was written down as gone")]
        public static partial void Ended(ILogger logger, string node, long incarnation);

        [LoggerMessage(Level = LogLevel.Debug, Message = "The node registry could not be reached; every count of other nodes starts again")]
        public static partial void Unreachable(ILogger logger);

        [LoggerMessage(Level = LogLevel.Error, Message = "A round of the node's heart ended with an unexpected {ExceptionType}; every count of other nodes starts again")]
        public static partial void Defective(ILogger logger, string exceptionType);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Incarnation {Incarnation} of node {Node} is gone: its lock was free throughout the lease")]
        public static partial void MarkedGone(ILogger logger, string node, long incarnation);
    }
}
