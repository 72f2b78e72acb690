using Executor.Credentials.Pacing;
using Executor.Credentials.Transitions;
using Executor.Nodes;
using Microsoft.Extensions.Options;

namespace Executor.Credentials.Refresh;

/// <summary>
/// One attempt to get a credential past a generation. It waits for its turn at the OAuth server, opens intents and redeems under them, or
/// watches another node do so. With a tolerant provider it opens the next one while earlier ones are still listened for.
/// </summary>
internal sealed class RefreshFlight(
    ICredentialStore store,
    IntentOpener opener,
    Redeemer redeemer,
    RefreshGate gate,
    RefreshTargets targets,
    INodeLiveness liveness,
    NodeState state,
    IDetachedWork work,
    IOptions<CredentialOptions> options,
    TimeProvider time,
    Random random)
{
    /// <summary>How long this node does not look again for a key that it does not have. Another node may have it.</summary>
    public static readonly TimeSpan KeyUnknownPause = TimeSpan.FromSeconds(10);

    /// <summary>As many as it takes to confirm that a token and the one kept beside it are refused.</summary>
    private const int MaxGivenUp = 4;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <param name="seen">The row of the generation to get past.</param>
    /// <param name="isRejected">Its access token was rejected: asked for each intent, because that may happen while the flight waits.</param>
    /// <param name="probe">Who tries a refused token, if that is what it is for.</param>
    /// <param name="changed">Completes when the row may have changed.</param>
    public async Task<FlightEnd> RunAsync(CredentialRow seen, Func<bool> isRejected, ProbeId? probe, Func<Task> changed)
    {
        var key = seen.Key;
        var target = targets.For(key.Server);
        var begun = time.GetTimestamp();
        var listening = new Listening(time);
        using var givingUp = new CancellationTokenSource();
        var needsTurn = seen.State == CredentialState.Ready; // otherwise whether it does is up to the intents before it
        for (var opened = 0; ;)
        {
            RefreshTurn? turn = null;
            if (needsTurn && (turn = await TakeTurnAsync(seen, changed)) is null)
                return liveness.MayOpenIntents ? new FlightEnd.Moved() : NotFromHere();
            needsTurn = false;
            if (!liveness.MayOpenIntents)
            {
                turn?.GiveBack();
                if (ShouldLeaveToOthers(listening, target.Rules))
                    givingUp.Cancel();
                if (listening.Count == 0 || state.Phase >= NodePhase.Draining)
                    return NotFromHere();

                // What is listened for here, no other flight may ask beside: this one has to be there when it may again.
                if (await listening.HearAsync(Soon))
                    return new FlightEnd.Moved();
                continue;
            }

            var openedAt = time.GetTimestamp();
            var request = new OpenIntent(
                IntentId.New(),
                liveness.Self,
                seen.Generation,
                isRejected(),
                listening.Intents,
                target.Rules,
                new RetrySpacing(random.NextDouble()),
                liveness.IsSuspect)
            {
                // One turn covers what is sent beside a request that is still listened for: that is little, and late if it waits.
                HasTurn = turn is not null || listening.Count > 0,
                Episode = seen.Refusal.Episode,
                Probe = probe,
            };
            switch (await OpenAsync(key, request, openedAt, turn))
            {
                case OpenIntentResult.Opened permit:
                    if (turn is null)
                        gate.Pass(OAuthServer.Of(seen));
                    listening.To(request.Id, Redeem(key, permit, target, openedAt, turn, givingUp.Token));
                    var patience = target.Rules.Patience is { } p ? p * Math.Pow(2, Math.Min(opened, 3)) : Timeout.InfiniteTimeSpan;
                    opened++;
                    if (await listening.HearAsync(patience, request.Id))
                        return new FlightEnd.Moved();
                    if (opened >= MaxGivenUp && listening.Count == 0)
                        return new FlightEnd.RetryLater(Soon);
                    break;
                case OpenIntentResult.Confirming pause when listening.Count > 0:
                    if (await listening.HearAsync(pause.For))
                        return new FlightEnd.Moved();
                    break;
                case OpenIntentResult.Confirming pause when time.GetElapsedTime(begun) + pause.For < options.Value.CallerWait:
                    await Task.WhenAny(changed().Ended(), Task.Delay(pause.For, time));
                    break;
                case OpenIntentResult.Confirming pause:
                    return new FlightEnd.RetryLater(pause.For);
                case OpenIntentResult.BackOff backOff when listening.Count == 0:
                    return new FlightEnd.RetryLater(backOff.For);
                case OpenIntentResult.BackOff backOff:
                    if (await listening.HearAsync(backOff.For))
                        return new FlightEnd.Moved();
                    break;
                case OpenIntentResult.Busy busy when listening.Count > 0:
                    if (await listening.HearAsync(busy.For))
                        return new FlightEnd.Moved();
                    break;
                case OpenIntentResult.Busy busy when time.GetElapsedTime(begun) > options.Value.CallerWait:
                    return new FlightEnd.RetryLater(busy.For);
                case OpenIntentResult.Busy:
                    await Task.WhenAny(changed().Ended(), Task.Delay(Look, time));
                    break;
                case OpenIntentResult.NeedsTurn:
                    needsTurn = true;
                    break;
                case OpenIntentResult.KeyUnknown:
                    return new FlightEnd.RetryLater(KeyUnknownPause);
                case OpenIntentResult.Undecryptable:
                    return new FlightEnd.Undecryptable();
                case OpenIntentResult.KeyMissing:
                    return new FlightEnd.KeyMissing();
                default:
                    return new FlightEnd.Moved();
            }
        }
    }

    /// <summary>
    /// This node drains, and may not ask again where it has waited in vain. Others may, as soon as nobody is known to listen here; it
    /// helps while the window is open.
    /// </summary>
    private bool ShouldLeaveToOthers(Listening listening, ReplayRules rules) =>
        state.Phase >= NodePhase.Draining
        && listening.First is { } first
        && rules.IsTolerant(first.StartedAt, first.StartedAt + time.GetElapsedTime(first.OpenedAt));

    private FlightEnd.RetryLater NotFromHere() => new(Soon, Elsewhere: state.Phase < NodePhase.Draining);

    /// <summary>Null when there is nothing to wait for any more: the row has moved, or the node drains.</summary>
    private async Task<RefreshTurn?> TakeTurnAsync(CredentialRow seen, Func<Task> changed)
    {
        using var leaving = new CancellationTokenSource();
        var change = changed().Ended();
        var turn = gate.EnterAsync(OAuthServer.Of(seen), seen.Key.User, leaving.Token);
        var given = turn.Ended();
        try
        {
            while (await Task.WhenAny(given, change) != given)
            {
                change = changed().Ended();
                if (await HasMovedAsync(seen))
                    leaving.Cancel();
            }

            return await turn;
        }
        catch (Exception)
        {
            // A defect. A turn that nobody takes would be missing at its server for as long as the process lives.
            leaving.Cancel();
            (await turn)?.GiveBack();
            throw;
        }
    }

    private async Task<bool> HasMovedAsync(CredentialRow seen)
    {
        try
        {
            return (await store.ReadAsync(seen.Key, CancellationToken.None))?.Row is not { } row
                || row.Generation != seen.Generation
                || row.Client?.TokenEndpoint != seen.Client?.TokenEndpoint;
        }
        catch (StoreUnavailableException)
        {
            return false; // what is queued for does not go away by that
        }
    }

    private async Task<OpenIntentResult> OpenAsync(CredentialKey key, OpenIntent request, long openedAt, RefreshTurn? turn)
    {
        var isOpen = false;
        try
        {
            var result = await opener.OpenAsync(key, request, openedAt);
            isOpen = result is OpenIntentResult.Opened;
            return result;
        }
        finally
        {
            if (!isOpen)
                turn?.GiveBack();
        }
    }

    private Redemption Redeem(
        CredentialKey key, OpenIntentResult.Opened permit, RefreshTarget target, long openedAt, RefreshTurn? turn, CancellationToken givingUp)
    {
        var redemption = new Redemption(permit.Intent.StartedAt, openedAt);
        _ = work.Start("redemption", async () =>
        {
            try
            {
                redemption.Settled(await redeemer.RedeemAsync(key, permit, target, openedAt, redemption, givingUp));
            }
            catch (Exception defect)
            {
                redemption.Failed(defect);
                throw;
            }
            finally
            {
                turn?.Dispose();
            }
        });
        return redemption;
    }
}
