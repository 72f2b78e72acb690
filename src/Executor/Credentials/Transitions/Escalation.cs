using Executor.Credentials.Refresh;

namespace Executor.Credentials.Transitions;

/// <summary>
/// A complete refusal may have a code that says neither whose fault it is nor that it passes. One that comes again and again becomes an
/// operator's error. That is visible, wakes nobody in vain, and is tried again about every hour.
/// </summary>
internal static class Escalation
{
    /// <summary>Shorter than that, a window is as good as over.</summary>
    private static readonly TimeSpan _shortestWindow = TimeSpan.FromSeconds(2);

    /// <param name="ledger">With the refusal's intent settled.</param>
    /// <param name="row">As the refusal leaves it by itself.</param>
    public static CredentialRow Count(CredentialLedger ledger, CredentialRow row, RefreshAnswer answer, ReplayRules rules, RetrySpacing spacing)
    {
        if (answer.Mark is not { } mark)
            return row;
        var repeated = RepeatedRefusal.Next(row.Repeated, mark, row.Generation, ledger.Now);
        if (repeated.HasStoppedPassing(ledger.Now) && ledger.Intents.All(intent => intent.IsOver()))
        {
            return row with
            {
                State = CredentialState.OperatorError,
                Reason = CredentialReason.RefusedRepeatedly,
                Repeated = repeated,
                RetryAt = ledger.Now + UntilNextTry(ledger, rules, spacing),
            };
        }

        // The spacing of all failures in a row holds: refusals that take turns begin the count anew each time. A window that tolerates a
        // retry has said when; otherwise the count may ask for more.
        var isInWindow = rules.HasWindow && ledger.IsTolerantNow(rules) && row.State == CredentialState.Unresolved;
        var isTooSoon = !isInWindow && row.RetryAt < repeated.NotBefore;
        return row with { Repeated = repeated, RetryAt = isTooSoon ? repeated.NotBefore : row.RetryAt };
    }

    /// <summary>A window that still tolerates the resolving of a doubt is not slept through.</summary>
    private static TimeSpan UntilNextTry(CredentialLedger ledger, ReplayRules rules, RetrySpacing spacing)
    {
        var left = rules.LastTolerantMoment(ledger.Intents[0].StartedAt) - ledger.Now;
        var isWindowOpen = left > _shortestWindow && ledger.Intents.Any(intent => intent.IsDoubtful());
        return isWindowOpen ? Spans.Min(spacing.AfterEscalation(), left!.Value / 2) : spacing.AfterEscalation();
    }
}
