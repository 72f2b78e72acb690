namespace Executor.Sandbox.OAuth;

/// <summary>One request to the token endpoint on its way through the fault that meets it.</summary>
internal sealed class Exchange(OAuthSandbox sandbox, HttpContext http, IDisposable open, GrantRequest entry, OAuthFault fault)
{
    public async Task RunAsync(Func<Redemption> decide)
    {
        // Kept: after an abort this token fires, and late processing must go on all the same.
        var clientGone = fault.Spending == Spending.WhenReleasedRegardless ? CancellationToken.None : http.RequestAborted;
        if (fault.Answer == FaultAnswer.DropAtOnce)
            Drop();

        if (fault.Spending is Spending.WhenReleased or Spending.WhenReleasedRegardless)
            await HoldAsync(clientGone);

        Redemption? redemption = null;
        if (fault.Spending != Spending.Never)
        {
            redemption = decide();
            Note(redemption);
        }

        if (fault.HoldAnswer)
            await HoldAsync(clientGone);

        if (fault.Answer == FaultAnswer.Drop)
        {
            Drop();
        }
        else if (fault.Answer != FaultAnswer.DropAtOnce)
        {
            Update(e => e with { Stage = RequestStage.Answered });
            open.Dispose(); // before the client can have its answer, and ask anew
            await new AnswerWriter(http, sandbox.Time, fault, () => HoldAsync(clientGone)).WriteAsync(redemption);
        }
    }

    public void Abandon() => Update(e => e with { Stage = RequestStage.Abandoned });

    private Task HoldAsync(CancellationToken clientGone) =>
        sandbox.Holds.WaitAsync(
            entry.Sequence, entry.GrantId, fault.HoldMilliseconds, () => Update(e => e with { Stage = RequestStage.Held }), clientGone);

    private void Note(Redemption redemption) => Update(e => e with
    {
        DecidedAt = sandbox.Time.GetUtcNow(),
        Outcome = redemption.Outcome,
        Replay = redemption.Replay,
        RevokedFamily = redemption.RevokedFamily,
        TokenSpent = redemption.TokenSpent,
        NewGeneration = redemption.Issued?.RefreshToken?.Generation,
        // Nothing is left to answer to where the connection is gone already.
        Stage = fault.Answer == FaultAnswer.DropAtOnce ? RequestStage.Dropped : e.Stage,
    });

    private void Drop()
    {
        Update(e => e with { Stage = RequestStage.Dropped });
        http.Abort();
    }

    private void Update(Func<GrantRequest, GrantRequest> change) => sandbox.Journal.Update(entry.Sequence, change);
}
