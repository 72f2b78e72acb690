using Executor.Credentials;
using Executor.Simulation.Engine;
using Executor.Simulation.Providers;

namespace Executor.Simulation.Algorithms.Bench;

internal sealed class BenchUser(CredentialKey key, Dice dice)
{
    public CredentialKey Key => key;

    /// <summary>For what the user does.</summary>
    public Dice Dice => dice;

    public Grant? Grant { get; set; }

    public bool IsConnected { get; set; }

    /// <summary>How often a redemption of this user's was granted.</summary>
    public int Refreshes { get; set; }

    /// <summary>The newest tokens of the grant, and where they went.</summary>
    public Success? Latest { get; set; }

    /// <summary>They are a second answer to a token that had been redeemed before.</summary>
    public bool IsReplayed { get; set; }
}
