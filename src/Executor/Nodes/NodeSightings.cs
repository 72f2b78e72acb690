namespace Executor.Nodes;

/// <summary>
/// What this node has seen of the others, on its own monotonic clock. Only an uninterrupted series of own reads counts. After a failed or
/// late read every count starts again, so a database failover makes nobody look gone. Not thread-safe.
/// </summary>
internal sealed class NodeSightings(TimeProvider time, TimeSpan lease)
{
    private readonly Dictionary<NodeRef, Seen> _seen = [];

    /// <summary>Incarnations somebody asked about that no read had listed: since when.</summary>
    private readonly Dictionary<NodeRef, long> _unlisted = [];
    private readonly HashSet<NodeRef> _gone = [];
    private (long Began, long Ended)? _last;

    /// <summary>Every incarnation whose lock was seen free throughout the lease.</summary>
    public IReadOnlyList<NodeRef> Abandoned(NodeRef self) => !IsFresh()
        ? []
        : _seen.Where(entry => entry.Key != self && entry.Value.FreeSince is { } free && Throughout(free)).Select(entry => entry.Key).ToList();

    /// <summary>An own read failed.</summary>
    public void Interrupt()
    {
        _seen.Clear();
        _unlisted.Clear();
        _last = null;
    }

    /// <param name="sightings">Every incarnation that is not gone.</param>
    /// <param name="began">When the read began, by the monotonic clock. It ends now.</param>
    public void Record(IReadOnlyList<NodeSighting> sightings, long began)
    {
        if (!IsFresh())
            Interrupt();

        // A count begins when the first read has ended, and reaches to where the last one began: what happened in between is certain.
        var ended = time.GetTimestamp();
        _last = (began, ended);
        foreach (var sighting in sightings)
        {
            var known = _seen.TryGetValue(sighting.Node, out var before);
            var still = known && before.Heartbeat == sighting.Heartbeat;
            _seen[sighting.Node] = new Seen(
                sighting.Heartbeat,
                still ? before.StillSince : ended,
                sighting.LockHeld ? null : before.FreeSince ?? ended);
        }

        var listed = sightings.Select(sighting => sighting.Node).ToHashSet();
        foreach (var node in _seen.Keys.Where(node => !listed.Contains(node)).ToList())
        {
            // Once listed and now missing: written down as gone, which nothing takes back.
            _seen.Remove(node);
            _gone.Add(node);
        }

        foreach (var (node, asked) in _unlisted.ToList())
        {
            if (!listed.Contains(node) && began < asked)
                continue;
            _unlisted.Remove(node);
            if (!listed.Contains(node))
                _gone.Add(node);
        }
    }

    public bool IsSuspect(NodeRef node)
    {
        if (_gone.Contains(node))
            return true;
        if (_seen.TryGetValue(node, out var seen))
            return IsFresh() && Throughout(seen.StillSince);

        // It may have entered after the last read: the next one that begins from now on decides.
        _unlisted.TryAdd(node, time.GetTimestamp());
        return false;
    }

    /// <summary>Incarnations that are gone for good need no memory once nothing names them; this bounds it.</summary>
    public void Forget()
    {
        if (_gone.Count > 10_000)
            _gone.Clear();
    }

    private bool IsFresh() => _last is { } last && time.GetElapsedTime(last.Ended) <= lease / 2;

    private bool Throughout(long since) => time.GetElapsedTime(since, _last!.Value.Began) >= lease;

    private readonly record struct Seen(long Heartbeat, long StillSince, long? FreeSince);
}
