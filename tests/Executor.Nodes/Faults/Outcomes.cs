namespace Executor.Nodes.Faults;

/// <summary>The words of the table.</summary>
internal static class Outcomes
{
    public const string Saved = "saved";

    /// <summary>The token was spent and its answer is nowhere: one careful attempt, whose replay is punished, shows it.</summary>
    public const string Lost = "reconnect (outcome-unknown), 1 replay";

    /// <summary>What no client can avoid: the provider takes up the first request when its deadline has long passed.</summary>
    public const string LostLate = "saved, then reconnect (outcome-unknown), 2 replays";
}
