using Executor.Credentials;
using Executor.Runs.Transitions;
using Microsoft.Extensions.Logging;

namespace Executor.Runs.Driving;

/// <summary>
/// Writes a driver's moves under its claim, and reads for it. While the database is away it tries again for as long as the process lives:
/// a tool's acknowledged result must not be lost. Should the claim end meanwhile, the move is refused.
/// </summary>
internal sealed partial class RunWriter(IRunStore store, TimeProvider time, Random random, ILogger<RunWriter> logger)
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(5);

    /// <param name="move">Pure; sees a row that the claim holds.</param>
    /// <param name="known">What the driver knows of its run: tried first, without a look.</param>
    /// <returns>
    /// With the run's row and what the move showed of its journal, as they are now. Nobody else moves them while the claim holds; others
    /// may only ask for the run's end.
    /// </returns>
    public async Task<(MoveOutcome Outcome, RunRow? Row, IReadOnlyList<StepRow> Journal)> MoveAsync(
        RunClaim claim, Func<RunLedger, RunDecision<MoveOutcome>> move, KnownRun? known = null, CredentialSeen? park = null)
    {
        RunRow? row = null;
        IReadOnlyList<StepRow> journal = [];
        var outcome = await PersistAsync(claim, () =>
        {
            // After a commit of unknown outcome nothing is known: the second attempt looks.
            var tried = known;
            known = null;
            return tried is null || park is not null
                ? store.ChangeAsync(claim.Run, park, Decide, CancellationToken.None)
                : store.ChangeAsync(tried, Decide, CancellationToken.None);
        });
        return (outcome, row, journal);

        RunDecision<MoveOutcome> Decide(RunLedger ledger)
        {
            var decision = claim.Holds(ledger.Run) ? move(ledger) : new(MoveOutcome.Refused);
            row = decision.Run is { } written ? written with { Version = ledger.Run!.Version + 1 } : ledger.Run;
            journal = decision.Steps ?? (ledger.Current is { } current ? [current] : []);
            return decision;
        }
    }

    /// <summary>A look at the row, in nobody's way; null when the database cannot be asked just now.</summary>
    public async Task<RunRow?> LookAsync(RunClaim claim, CancellationToken cancellationToken)
    {
        try
        {
            return await store.FindAsync(claim.Run, cancellationToken);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            // It is a look beside a call whose result must not be lost to it, whatever went wrong.
            if (fault is not StoreUnavailableException)
                Log.LookFailed(logger, claim.Run, fault.GetType().Name);
            return null;
        }
    }

    public Task<IReadOnlyDictionary<int, string>> ReadResultsAsync(RunClaim claim, IReadOnlyCollection<int> steps) =>
        PersistAsync(claim, () => store.ReadResultsAsync(claim.Run, steps, CancellationToken.None));

    private async Task<T> PersistAsync<T>(RunClaim claim, Func<Task<T>> work)
    {
        for (var pause = _firstPause; ; pause = pause * 2 < _longestPause ? pause * 2 : _longestPause)
        {
            try
            {
                return await work();
            }
            catch (StoreUnavailableException)
            {
                Log.Unavailable(logger, claim.Run);
            }

            await Task.Delay(pause * (0.5 + (random.NextDouble() / 2)), time);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "The database could not be reached for run {Run}; it is tried again")]
        public static partial void Unavailable(ILogger logger, RunId run);

        [LoggerMessage(Level = LogLevel.Error, Message = "Looking at run {Run} ended with an unexpected {ExceptionType}")]
        public static partial void LookFailed(ILogger logger, RunId run, string exceptionType);
    }
}
