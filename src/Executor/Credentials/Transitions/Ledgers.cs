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

    /// <summary>A state without an intent: what a request has left in doubt, or a refusal open, stays so until it is resolved.</summary>
    public static CredentialState AtRest(this CredentialLedger ledger) =>
        ledger.Row?.ConfirmingSince is not null || ledger.Intents.Any(IsDoubtful) ? CredentialState.Unresolved : CredentialState.Ready;

    /// <summary>Its refusal is the one that is being confirmed: the next intent's answer decides.</summary>
    public static bool IsBeingConfirmed(this RefreshIntent intent, CredentialRow row) => intent.StartedAt <= row.ConfirmingSince;

    public static bool IsTolerantNow(this CredentialLedger ledger, ReplayRules rules) =>
        rules.IsTolerant(ledger.Intents.Count > 0 ? ledger.Intents[0].StartedAt : ledger.Now, ledger.Now);

    /// <summary>
    /// More than one intent of the generation was opened, sent or not. One that was refused does not count: it brought no pair that could
    /// have been killed. To keep the redeemed token for its sake would only spend it twice.
    /// </summary>
    public static bool IsContested(this CredentialLedger ledger) =>
        ledger.Intents.Count > 0
        && ledger.Intents[^1].Ordinal - ledger.Intents.Count(intent => intent.Settlement == IntentSettlement.Refused) > 1;

    /// <summary>
    /// What a generation that is tried for days need not keep. The first intent tells when the window began. One doubt tells as much as
    /// many. None that could still be answered or processed is dropped.
    /// </summary>
    public static IReadOnlyList<IntentId> Forgettable(this CredentialLedger ledger)
    {
        var settled = ledger.Intents.Where(intent => intent.Ordinal > 1 && intent.Id != ledger.Row?.Intent).ToList();
        var doubts = settled.Where(intent => intent.Settlement == IntentSettlement.InDoubt && intent.Deadline <= ledger.Now).Skip(1);
        return [.. settled.Where(intent => intent.Settlement == IntentSettlement.NotSpent).Concat(doubts).Select(intent => intent.Id)];
    }

    public static IReadOnlyList<RefreshIntent> With(this IReadOnlyList<RefreshIntent> intents, RefreshIntent changed) =>
        [.. intents.Select(intent => intent.Id == changed.Id ? changed : intent)];
}
