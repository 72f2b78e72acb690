using Executor.Credentials;
using Executor.Identity;
using Executor.Runs;

namespace Executor.Nodes;

/// <summary>
/// Tells every node what changed, after the commit. A lost message costs latency, never correctness: whoever listens also
/// looks from time to time.
/// </summary>
public interface IChangeFeed
{
    /// <summary>Handlers run on the feed's thread and must return at once.</summary>
    IDisposable Subscribe(Action<Change> handler);

    void Publish(Change change);
}

public abstract record Change
{
    private Change()
    {
    }

    /// <summary>A credential's row changed; if it became ready, the runs parked on it are pending again.</summary>
    public sealed record Credential(CredentialKey Key) : Change;

    /// <summary>A run's row changed.</summary>
    public sealed record Run(RunId Id, UserId User) : Change;

    /// <summary>Some run waits for a node to claim it.</summary>
    public sealed record RunsReady : Change;

    /// <summary>Messages may have been lost (the notification connection was cut): look at everything that you cache.</summary>
    public sealed record Gap : Change;
}
