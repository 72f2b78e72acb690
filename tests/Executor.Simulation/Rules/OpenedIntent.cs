using Executor.Credentials;
using Executor.Nodes;
using Executor.Simulation.Providers;

namespace Executor.Simulation.Rules;

/// <summary>An intent, as its commit was seen.</summary>
internal sealed class OpenedIntent(CredentialKey key, RefreshIntent opened, long openedAt, string token)
{
    public IntentId Id => opened.Id;

    public CredentialKey Key => key;

    public Generation Generation => opened.Generation;

    public NodeRef Owner => opened.Owner;

    public bool UsesKept => opened.UsesKept;

    public DateTimeOffset StartedAt => opened.StartedAt;

    public long OpenedAt => openedAt;

    /// <summary>What it permits to send.</summary>
    public string Token => token;

    /// <summary>
    /// Opened inside a window beside earlier ones: should one of them be under way for longer than the window, the provider punishes
    /// it. That is the price of asking again early.
    /// </summary>
    public bool IsTolerated { get; init; }

    public Redemption? Sent { get; set; }

    public bool IsSettled { get; set; }

    /// <summary>The OAuth server refused the token, which brought no pair.</summary>
    public bool IsRefused { get; set; }

    /// <summary>Its owner was written down as gone before it settled: others stopped waiting for its answer.</summary>
    public bool IsWrittenOff { get; set; }
}
