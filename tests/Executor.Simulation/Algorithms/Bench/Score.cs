namespace Executor.Simulation.Algorithms.Bench;

/// <summary>What one algorithm has come to in one world.</summary>
internal sealed class Score
{
    public int Refreshes { get; set; }

    public int Requests { get; set; }

    /// <summary>Grants whose user had to reconnect, although nobody had revoked them.</summary>
    public int Lost { get; set; }

    /// <summary>Of those, the ones whose new tokens never reached a living process, at a provider that takes no old ones.</summary>
    public int OutOfReach { get; set; }

    /// <summary>
    /// Of the others, those where the provider answered one token twice and killed with its second answer what it had handed out with
    /// the first: the first answer was kept, the second was not.
    /// </summary>
    public int KeptTheFirst { get; set; }

    /// <summary>Requests without a token, though one could be had.</summary>
    public int Withheld { get; set; }
}
