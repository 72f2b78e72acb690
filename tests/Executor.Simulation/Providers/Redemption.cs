using Executor.Credentials;
using Executor.Simulation.Cluster;
using Executor.Simulation.Rules;

namespace Executor.Simulation.Providers;

/// <summary>One refresh request on its way: who sent it under which intent, and what became of it.</summary>
internal sealed class Redemption(SimulatedNode node, CredentialKey key, RefreshMinted token, OpenedIntent intent, long sentAt)
{
    public SimulatedNode Node => node;

    public CredentialKey Key => key;

    public RefreshMinted Token => token;

    public OpenedIntent Intent => intent;

    public long SentAt => sentAt;

    /// <summary>Its first byte left later than the permit allows: its process stood still between the last look and the write.</summary>
    public bool IsLate { get; set; }

    public bool IsProcessed { get; set; }

    /// <summary>Refused with a code that nobody knows; the token was not touched.</summary>
    public bool IsTurnedAway { get; set; }

    /// <summary>Its success is not, or will not be, heard by its sender as one.</summary>
    public bool IsLost { get; set; }

    /// <summary>Its answer became a generation.</summary>
    public bool IsStored { get; set; }

    /// <summary>Others need not, or need no longer, expect its sender to bring the answer.</summary>
    public bool IsUnheard => !IsStored && (IsLost || Node.IsDead || Intent.IsWrittenOff);
}
