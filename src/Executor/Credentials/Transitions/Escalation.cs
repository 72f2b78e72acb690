using Executor.Credentials.Refresh;

namespace Executor.Credentials.Transitions;

/// <summary>
/// A complete refusal with a code that says neither whose fault it is nor that it passes. The one that comes again and again becomes an
/// operator's error, which is visible, wakes nobody in vain and is tried again about every hour.
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

        // A window that tolerates a retry has said when; otherwise the counting does.
        var isInWindow = rules.HasWindow && ledger.IsTolerantNow(rules) && row.State == CredentialState.Unresolved;
        return row with
        {
            Repeated = repeated,
            RetryAt = isInWindow ? row.RetryAt : ledger.Now + spacing.AfterRefusal(repeated, ledger.Now, RetryAfter(answer)),
        };
    }

    /// <summary>A window that still tolerates the resolving of a doubt is not slept through.</summary>
    private static TimeSpan UntilNextTry(CredentialLedger ledger, ReplayRules rules, RetrySpacing spacing)
    {
        var left = rules.LastTolerantMoment(ledger.Intents[0].StartedAt) - ledger.Now;
        var isWindowOpen = left > _shortestWindow && ledger.Intents.Any(intent => intent.IsDoubtful());
        return isWindowOpen ? Spans.Min(spacing.AfterEscalation(), left!.Value / 2) : spacing.AfterEscalation();
    }

    private static TimeSpan? RetryAfter(RefreshAnswer answer) => answer switch
    {
        RefreshAnswer.NotSpent notSpent => notSpent.RetryAfter,
        RefreshAnswer.InDoubt doubt => doubt.RetryAfter,
        _ => null,
    };
}
