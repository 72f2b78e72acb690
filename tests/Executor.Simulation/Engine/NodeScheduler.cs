namespace Executor.Simulation.Engine;

/// <summary>
/// Where a node's code runs: one piece after the other, whenever the world lets it. A node that is frozen is one whose queue is not
/// worked off; one that is dead has none.
/// </summary>
internal sealed class NodeScheduler(ForeignThreads foreign) : TaskScheduler
{
    private readonly Queue<Piece> _queue = new();

    public bool IsDead { get; private set; }

    public bool HasWork => _queue.Count > 0;

    public int Length => _queue.Count;

    /// <summary>What comes from outside (a timer, an answer) runs without this scheduler, as on a thread of the runtime's own.</summary>
    public void Deliver(Action<object?> callback, object? state)
    {
        if (!IsDead)
            _queue.Enqueue(new Piece(null, callback, state));
    }

    public Task Run(Func<Task> work)
    {
        var started = new Task<Task>(work);
        var whole = started.Unwrap();
        started.Start(this);
        return whole;
    }

    public void RunNext()
    {
        var piece = _queue.Dequeue();
        if (piece.Task is { } task)
            TryExecuteTask(task);
        else
            piece.Callback!(piece.State);
    }

    public void Die()
    {
        IsDead = true;
        _queue.Clear();
    }

    protected override void QueueTask(Task task)
    {
        foreign.Check();
        if (!IsDead)
            _queue.Enqueue(new Piece(task, null, null));
    }

    // On a thread of the pool the runtime would ask for continuations of other nodes and of the world as well.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && Current == this && !IsDead && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => _queue.Where(piece => piece.Task is not null).Select(piece => piece.Task!);

    private readonly record struct Piece(Task? Task, Action<object?>? Callback, object? State);
}

/// <summary>Notices code that has left its scheduler: the world would not be the same twice.</summary>
internal sealed class ForeignThreads
{
    private readonly int _home = Environment.CurrentManagedThreadId;

    /// <summary>Where it came back from another thread.</summary>
    public volatile string? Seen;

    public void Check()
    {
        if (Environment.CurrentManagedThreadId != _home)
            Seen = Environment.StackTrace;
    }
}
