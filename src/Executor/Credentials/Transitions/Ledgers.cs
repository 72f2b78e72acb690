using Executor.Credentials.Refresh;

namespace Executor.Credentials.Transitions;

/// <summary>What several transitions ask of a generation's intents.</summary>
internal static class Ledgers
{
    public static RefreshIntent? Last(this CredentialLedger ledger) =>
        ledger.Row?.Intent is { } last ? ledger.Intents.FirstOrDefault(intent => intent.Id == last) : null;

    /// <summary>Nobody listens for its answer any more.</summary>
    public static bool IsOver(this RefreshIntent intent) =>
        intent.Settlement != IntentSettlement.Unsettled || intent.OwnerGone;

    /// <summary>It may have spent the token without anybody knowing.</summary>
    public static bool IsDoubtful(this RefreshIntent intent) =>
        intent.Settlement is IntentSettlement.InDoubt or IntentSettlement.Unsettled;

    public static bool IsTolerantNow(this CredentialLedger ledger, ReplayRules rules) =>
        rules.IsTolerant(ledger.Intents.Count > 0 ? ledger.Intents[0].StartedAt : ledger.Now, ledger.Now);

    public static IReadOnlyList<RefreshIntent> With(this IReadOnlyList<RefreshIntent> intents, RefreshIntent changed) =>
        [.. intents.Select(intent => intent.Id == changed.Id ? changed : intent)];
}
