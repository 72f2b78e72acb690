namespace Executor.Credentials.Transitions;

/// <summary>The MCP server has turned down a token straight from its refresh: whoever says so first begins the pause, for all.</summary>
/// <param name="Refused">The generation of the token. Another one's refusal says nothing of the current one.</param>
/// <param name="Episode">And neither does one from before the last refusal ended.</param>
/// <param name="Probe">Who says so, if it had the probe.</param>
internal sealed record RefuseToken(Generation Refused, long Episode, ProbeId? Probe, RefusalRules Rules)
{
    /// <summary>The result: whether a refusal begins that was not there.</summary>
    public CredentialDecision<bool> Decide(CredentialLedger ledger)
    {
        if (ledger.Row is not { } row || row.Generation != Refused || row.Refusal.Episode != Episode || !row.HoldsTokens)
            return new(false);
        var refusal = RefusalRules.At(row.Refusal, ledger.Now);
        var isKnown = refusal.IsActive && (refusal.Prober is null || refusal.Prober != Probe);
        return isKnown ? new(false) : new(!refusal.IsActive, row with { Refusal = Rules.Pause(refusal, ledger.Now) });
    }
}

/// <summary>The MCP server has answered the probe with something else than 401: the refusal is over.</summary>
internal sealed record AcceptToken(Generation Accepted)
{
    public CredentialDecision<bool> Decide(CredentialLedger ledger) =>
        ledger.Row is { Refusal.IsActive: true } row && row.Generation == Accepted
            ? new(true, row with { Refusal = RefusalRules.End(row.Refusal) }) { Wakes = ParkCause.TokenRefused }
            : new(false);
}

/// <summary>
/// Takes the probe, or gives it to a parked run, which wakes for it. One at a time: a live prober keeps all others away. A dead prober
/// that has redeemed is followed by a pause, since only a pause allows a redemption.
/// </summary>
internal sealed record TakeProbe(ProbeId Prober, RefusalRules Rules)
{
    /// <summary>The run that is to try.</summary>
    public Guid? WakesRun { get; init; }

    public CredentialDecision<bool> Decide(CredentialLedger ledger)
    {
        if (ledger.Row is not { Refusal.IsActive: true } row || !row.HoldsTokens)
            return new(false);
        var refusal = RefusalRules.At(row.Refusal, ledger.Now);
        if (refusal.Prober == Prober && ledger.Now < refusal.ProbeDeadline)
            return new(true);
        if (RefusalRules.Take(refusal, Prober, ledger.Now) is not { } taken)
            return new(false);
        return refusal.ProbeHasRedeemed
            ? new(false, row with { Refusal = Rules.Pause(refusal, ledger.Now) })
            : new(true, row with { Refusal = taken }) { WakesRun = WakesRun };
    }
}
