namespace Executor.Nodes.Faults;

/// <summary>The words of the table.</summary>
internal static class Outcomes
{
    public const string Saved = "saved";

    /// <summary>The token was spent and its answer is nowhere: one careful attempt shows it, whose replay is punished, and the one that confirms it.</summary>
    public const string Lost = "reconnect (outcome-unknown), 2 replays";

    /// <summary>What no client can avoid: the provider takes up the first request when its deadline has long passed.</summary>
    public const string LostLate = "saved, then reconnect (outcome-unknown), 3 replays";
}
