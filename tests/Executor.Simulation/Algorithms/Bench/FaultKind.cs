namespace Executor.Simulation.Algorithms.Bench;

/// <summary>What happens to every so-many-th refresh, around the moment when it is sent.</summary>
internal enum FaultKind
{
    None,

    /// <summary>The sender dies, and comes back after a while.</summary>
    Crash,

    /// <summary>The sender stands still for seconds to minutes; it is not killed.</summary>
    Freeze,

    /// <summary>Processed, and the answer never arrives: the connection breaks, or hangs.</summary>
    LostAnswer,

    /// <summary>The request is on its way for seconds to a minute before the server processes it.</summary>
    LateArrival,

    /// <summary>The database is away for all, or a commit fails, or takes place without the sender hearing of it.</summary>
    Database,

    /// <summary>The sender cannot reach the database; everybody else can.</summary>
    Partition,

    /// <summary>500, 502 or 503, before or after the token was processed.</summary>
    ServerError,

    /// <summary>One of these.</summary>
    All,
}
