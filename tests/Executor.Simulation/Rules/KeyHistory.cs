using Executor.Credentials;
using Executor.Simulation.Providers;

namespace Executor.Simulation.Rules;

/// <summary>What the rules remember of one credential.</summary>
internal sealed class KeyHistory(CredentialKey key)
{
    public CredentialKey Key => key;

    public Dictionary<Generation, GenerationSeen> Generations { get; } = [];

    /// <summary>The grant of the deposit that was committed last; null once it was deleted.</summary>
    public Grant? Grant { get; set; }

    /// <summary>Every token that the user has tried to deposit.</summary>
    public HashSet<string> Deposited { get; } = new(StringComparer.Ordinal);

    public string? LastDeposit { get; set; }

    public long? DepositAskedAt { get; set; }

    public int DeletionsAsked { get; set; }

    /// <summary>Of the current generation.</summary>
    public List<OpenedIntent> Intents { get; } = [];

    /// <summary>When the MCP server turned a token down last, or somebody said so, and when it last did not.</summary>
    public long? RejectedAt { get; set; }

    public long? AcceptedAt { get; set; }

    public long? RefusalEndedAt { get; set; }

    /// <summary>When 401s caused a redemption without a pause before it.</summary>
    public List<long> Renewals { get; } = [];

    /// <summary>The end of the last pause that a redemption followed.</summary>
    public DateTimeOffset? RedeemedAfter { get; set; }

    /// <summary>The last pause: when it began, and how long it was to be.</summary>
    public (long At, TimeSpan Length)? Pause { get; set; }

    /// <summary>When the refusals in a row of the current generation settled that nobody knows the code of.</summary>
    public List<DateTimeOffset> TurnedAway { get; } = [];

    /// <summary>Faults ended while this generation could still be saved.</summary>
    public Generation? MustSurvive { get; set; }
}

/// <param name="RefreshToken">Null where nothing is deposited.</param>
internal sealed record GenerationSeen(string? RefreshToken, string? KeptToken, string? AccessToken, long From)
{
    public long Until { get; set; } = long.MaxValue;
}
