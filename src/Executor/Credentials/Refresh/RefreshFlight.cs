using Executor.Credentials.Transitions;
using Executor.Nodes;
using Microsoft.Extensions.Options;

namespace Executor.Credentials.Refresh;

/// <summary>
/// One attempt to get a credential past a generation: opens intents and redeems under them, with a tolerant provider while earlier
/// ones are still listened for, or watches another node do so.
/// </summary>
internal sealed class RefreshFlight(
    ICredentialStore store,
    CredentialVault vault,
    Redeemer redeemer,
    RefreshTargets targets,
    INodeLiveness liveness,
    IDetachedWork work,
    IOptions<NodeOptions> node,
    IOptions<CredentialOptions> options,
    TimeProvider time,
    Random random)
{
    private const int MaxGivenUp = 3;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <param name="dropsAccessToken">The generation's access token was rejected.</param>
    /// <param name="changed">Completes when the row may have changed, for watching another node.</param>
    public async Task<FlightEnd> RunAsync(
        CredentialKey key, Generation generation, bool dropsAccessToken, Func<Task> changed)
    {
        var target = targets.For(key.Server);
        var begun = time.GetTimestamp();
        var listening = new Dictionary<IntentId, Task<SettleResult>>();
        for (var opened = 0; ;)
        {
            if (!liveness.MayOpenIntents)
                return new FlightEnd.RetryLater(Soon);

            var openedAt = time.GetTimestamp();
            var request = new OpenIntent(
                IntentId.New(),
                liveness.Self,
                generation,
                dropsAccessToken,
                listening.Keys,
                target.Rules,
                new RetrySpacing(random.NextDouble()),
                liveness.IsSuspect);
            switch (await OpenAsync(key, request, openedAt))
            {
                case OpenIntentResult.Opened permit:
                    listening[request.Id] = Redeem(key, permit, target, openedAt);
                    var patience = target.Rules.Patience is { } p ? p * Math.Pow(2, Math.Min(opened, 3)) : Timeout.InfiniteTimeSpan;
                    opened++;
                    if (await HearAsync(listening, patience))
                        return new FlightEnd.Moved();
                    if (opened >= MaxGivenUp && listening.Count == 0)
                        return new FlightEnd.RetryLater(Soon);
                    break;
                case OpenIntentResult.BackOff backOff when listening.Count == 0:
                    return new FlightEnd.RetryLater(backOff.For);
                case OpenIntentResult.BackOff backOff:
                    if (await HearAsync(listening, backOff.For))
                        return new FlightEnd.Moved();
                    break;
                case OpenIntentResult.Busy busy when listening.Count > 0:
                    if (await HearAsync(listening, busy.For))
                        return new FlightEnd.Moved();
                    break;
                case OpenIntentResult.Busy busy when time.GetElapsedTime(begun) > options.Value.CallerWait:
                    return new FlightEnd.RetryLater(busy.For);
                case OpenIntentResult.Busy:
                    await Task.WhenAny(changed(), Task.Delay(Look, time));
                    break;
                case OpenIntentResult.Undecryptable:
                    return new FlightEnd.Undecryptable();
                case OpenIntentResult.KeyMissing:
                    return new FlightEnd.KeyMissing();
                default:
                    return new FlightEnd.Moved();
            }
        }
    }

    private Task<SettleResult> Redeem(CredentialKey key, OpenIntentResult.Opened permit, RefreshTarget target, long openedAt)
    {
        var settled = new TaskCompletionSource<SettleResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = work.Start("redemption", async () =>
        {
            try
            {
                settled.SetResult(await redeemer.RedeemAsync(key, permit, target, openedAt));
            }
            catch (Exception defect)
            {
                settled.SetException(defect);
                throw;
            }
        });
        return settled.Task;
    }

    /// <summary>Waits for the first of the open redemptions to end. True when the generation is settled by it.</summary>
    private async Task<bool> HearAsync(Dictionary<IntentId, Task<SettleResult>> listening, TimeSpan atMost)
    {
        using var stop = new CancellationTokenSource();
        var delay = Task.Delay(atMost, time, stop.Token);
        var first = await Task.WhenAny([.. listening.Values, delay]);
        await stop.CancelAsync();
        if (first == delay)
            return false;
        foreach (var (id, redemption) in listening.Where(entry => entry.Value.IsCompleted).ToList())
        {
            listening.Remove(id);
            if (await redemption != SettleResult.Failed)
                return true;
        }

        return false;
    }

    /// <summary>
    /// A commit whose outcome is unknown is asked for again by the intent's id, while the permit lasts; after that it is taken back,
    /// however long the database takes to come back: an intent that this node knows to be unsent is not left open.
    /// </summary>
    private async Task<OpenIntentResult> OpenAsync(CredentialKey key, OpenIntent request, long openedAt)
    {
        var change = new CredentialChangeOptions(Opener: request.Owner);
        while (true)
        {
            try
            {
                return await store.ChangeAsync(key, change, ledger => request.Decide(ledger, vault), CancellationToken.None);
            }
            catch (StoreUnavailableException)
            {
                if (time.GetElapsedTime(openedAt) >= node.Value.Lease / 3)
                    break;
                await Task.Delay(Look, time);
            }
            catch (Exception)
            {
                // A defect, perhaps after the commit: nobody may come and wait for an intent that nobody is going to send.
                Withdraw(key, request);
                throw;
            }
        }

        Withdraw(key, request);
        return new OpenIntentResult.BackOff(Soon);
    }

    private void Withdraw(CredentialKey key, OpenIntent request)
    {
        var unsent = new RefreshIntent
        {
            Id = request.Id,
            Generation = request.Expected,
            Ordinal = 0,
            Owner = request.Owner,
            StartedAt = default,
            Deadline = default,
        };
        _ = work.Start("withdrawal", () =>
            redeemer.SettleAsync(key, unsent, default, new RefreshAnswer.GivenUp(), request.Rules));
    }
}
