using Executor.Credentials.Owner;
using Executor.Credentials.Transitions;
using Executor.Nodes;
using Microsoft.Extensions.Options;

namespace Executor.Credentials.Refresh;

/// <summary>Commits the opening of an intent, or sees to it that none is left open.</summary>
internal sealed class IntentOpener(
    ICredentialStore store,
    CredentialVault vault,
    Redeemer redeemer,
    CredentialAlarms alarms,
    IDetachedWork work,
    IOptions<NodeOptions> node,
    TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A commit whose outcome is unknown is asked for again by the intent's id, while the permit lasts. After that the intent is taken
    /// back, however long the database takes to return. An intent that this node knows to be unsent is not left open.
    /// </summary>
    public async Task<OpenIntentResult> OpenAsync(CredentialKey key, OpenIntent request, long openedAt)
    {
        var change = new CredentialChangeOptions(Opener: request.Owner);
        var isDoubtful = false;
        while (true)
        {
            try
            {
                var result = await store.ChangeAsync(key, change, ledger => request.Decide(ledger, vault), alarms.Changed, CancellationToken.None);
                if (isDoubtful && result is not OpenIntentResult.Opened)
                    Withdraw(key, request); // it may have been opened, and superseded before that was heard
                return result;
            }
            catch (StoreUnavailableException)
            {
                isDoubtful = true;
                if (time.GetElapsedTime(openedAt) >= node.Value.Lease / 3)
                    break;
                await Task.Delay(Pause, time);
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
