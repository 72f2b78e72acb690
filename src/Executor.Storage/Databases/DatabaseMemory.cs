namespace Executor.Storage.Databases;

/// <summary>
/// What this node knows of its database: its identity, and the highest numbers that it has seen committed. A number that was only drawn
/// proves nothing, since a crash of the server may take it back. What was committed, and acknowledged, is on the disk.
/// </summary>
internal sealed class DatabaseMemory
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Seen? _seen;

    /// <summary>Completes, with the reason, when this is no database for this node any more.</summary>
    public Task<string> Lost => _lost.Task;

    /// <summary>Null before the start has been admitted.</summary>
    public Seen? Current
    {
        get
        {
            lock (_gate)
                return _seen;
        }
    }

    public void Identify(string id)
    {
        lock (_gate)
            _seen ??= new Seen(id, 0, 0, null, 0);
    }

    /// <summary>A commit of the given generation was acknowledged.</summary>
    public void SawGeneration(long generation) => Change(seen => seen with { Generation = Math.Max(seen.Generation, generation) });

    /// <summary>This node's entry was acknowledged.</summary>
    public void SawEntry(long incarnation, long entries) => Change(seen => seen with
    {
        Entries = Math.Max(seen.Entries, entries),
        Incarnation = incarnation,
        Heartbeat = 0,
    });

    public void SawHeartbeat(long incarnation, long heartbeat) => Change(seen => seen.Incarnation == incarnation
        ? seen with { Heartbeat = Math.Max(seen.Heartbeat, heartbeat) }
        : seen);

    public void Lose(string reason) => _lost.TrySetResult(reason);

    private void Change(Func<Seen, Seen> change)
    {
        lock (_gate)
            _seen = _seen is { } seen ? change(seen) : null;
    }

    /// <param name="Entries">How often nodes had entered, this one's last entry included.</param>
    /// <param name="Heartbeat">Of this node's own <paramref name="Incarnation"/>, which nobody else raises.</param>
    internal readonly record struct Seen(string Id, long Generation, long Entries, long? Incarnation, long Heartbeat)
    {
        /// <summary>Why <paramref name="found"/>, read after this was remembered, is not the same database; null when it may be.</summary>
        /// <param name="found">Its heartbeat is null where the incarnation has been forgotten, which proves nothing.</param>
        public string? Contradiction(Found found) => found switch
        {
            _ when found.Id != Id => $"its identity is {found.Id ?? "none"}, and was {Id}",
            _ when found.Generation < Generation => $"it has generations up to {found.Generation}, and {Generation} had been committed",
            _ when found.Entries < Entries => $"nodes have entered it {found.Entries} times, and it had been {Entries}",
            _ when found.Heartbeat < Heartbeat => $"this node's heartbeat is {found.Heartbeat} there, and had been {Heartbeat}",
            _ => null,
        };
    }

    internal sealed class Found
    {
        public bool IsStandby { get; init; }

        public string? Id { get; init; }

        public long Generation { get; init; }

        public long Entries { get; init; }

        public long? Heartbeat { get; init; }
    }
}
