using System.Runtime.CompilerServices;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs.Driving;
using Executor.Runs.Transitions;

namespace Executor.Runs.Owner;

/// <summary>One run, as its user sees and moves it. Holds nothing: any number of them may exist, on any node.</summary>
internal sealed class RunOwner(RunId id, IRunStore store, IChangeFeed changes, TimeSpan sweep, TimeProvider time) : IRunOwner
{
    public async Task<RunRecord?> ReadAsync(UserId user, CancellationToken cancellationToken) =>
        await store.ReadAsync(id, cancellationToken) is { } record && record.Run.User == user ? record : null;

    public async Task<TriggerOutcome> TriggerAsync(UserId user, TriggerAction? action, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (position, next) = action == TriggerAction.Skip ? await FindNextAsync(user, cancellationToken) : (null, null);
            var outcome = await store.ChangeAsync(
                id, park: null, ledger => UserMoves.Trigger(ledger, user, action, position, next), cancellationToken);
            if (outcome is { } decided)
                return decided;
        }
    }

    public Task<CancelOutcome> CancelAsync(UserId user, CancellationToken cancellationToken) =>
        store.ChangeAsync(id, park: null, ledger => UserMoves.Cancel(ledger, user), cancellationToken);

    public async IAsyncEnumerable<RunRecord> WatchAsync(UserId user, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Heard before the first read: what changes after that read sets the signal. However much changes while a slow reader
        // reads, one signal remembers it.
        var changed = new Signal(time);
        using var subscription = changes.Subscribe(change =>
        {
            if (Concerns(change, user))
                changed.Set();
        });
        long? version = null;
        while (await ReadAsync(user, cancellationToken) is { } record)
        {
            if (record.Run.Version != version)
                yield return record;
            version = record.Run.Version;
            if (record.Run.Status.IsFinal())
                yield break;
            await changed.WaitAsync(sweep, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>A deposit that wakes a run is announced as the credential's change only.</summary>
    private bool Concerns(Change change, UserId user) => change switch
    {
        Change.Run run => run.Id == id,
        Change.Credential credential => credential.Key.User == user,
        Change.Gap => true,
        _ => false,
    };

    private async Task<(int? Position, StepDefinition? Next)> FindNextAsync(UserId user, CancellationToken cancellationToken)
    {
        if (await ReadAsync(user, cancellationToken) is not { } record)
            return (null, null);
        var position = record.Run.Position;
        return (position, position + 1 < record.Steps.Count ? record.Steps[position + 1].Definition : null);
    }
}
