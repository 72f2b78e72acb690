using Executor.Credentials;
using Executor.Runs;

namespace Executor.Simulation.Store;

internal sealed partial class ModelRunStore
{
    public Task<T> ChangeAsync<T>(
        RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
        Immediate.Run(() => Change(id, park, decide), cancellationToken);

    public Task<T> ChangeAsync<T>(KnownRun known, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
        Immediate.Run(() => Change(known.Run.Id, null, decide, known), cancellationToken);

    private T Change<T>(RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, KnownRun? known = null)
    {
        RunRow? written = null;
        var result = database.Write(new ModelWrite(session, "Change", park?.Key, id), transaction =>
        {
            var asSeen = park is not { } seen || IsAsSeen(transaction, seen);
            var run = transaction.Tables.FindRun(id);
            if (known is not null && run is not null)
                Check(known, run);
            var decision = decide(new RunLedger(run?.Row, run?.Current, transaction.Now, asSeen));
            Write(transaction, run, decision.Run, decision.Steps ?? []);
            written = decision.Run;
            return decision.Result;
        });

        if (written is not null)
            Announce(id, written.User, written.Status == RunStatus.Pending);
        return result;
    }

    /// <summary>A database compares versions only, and writes what was decided on the rest: who knows the version knows the rest.</summary>
    private static void Check(KnownRun known, StoredRun run)
    {
        if (known.Run.Version == run.Row.Version && known != new KnownRun(run.Row, run.Current))
            throw new InvalidOperationException("What a caller knows of a run is not what its version stands for.");
    }

    /// <summary>An unknown key gets its absent row, which stays whatever is decided.</summary>
    private static bool IsAsSeen(ModelTransaction transaction, CredentialSeen seen)
    {
        if (!transaction.Tables.Credentials.TryGetValue(seen.Key, out var credential))
        {
            credential = StoredCredential.Blank(seen.Key);
            transaction.Tables = transaction.Tables.With(credential);
        }

        return seen.IsStill(credential.Row.Generation, credential.Row.State, credential.Row.Refusal.Episode);
    }

    private static void Write(ModelTransaction transaction, StoredRun? current, RunRow? run, IReadOnlyList<StepRow> steps)
    {
        if (run is null)
        {
            if (steps.Count > 0)
                throw new InvalidOperationException("Journal entries are written with their run, never without it.");
            return;
        }

        if (current is null || run.Id != current.Row.Id)
            throw new InvalidOperationException("A decision may write only the run that it was shown.");
        if (run.Fence < current.Row.Fence)
            throw new InvalidOperationException("A decision may not lower the fence.");
        transaction.Tables = transaction.Tables.With(current.With(run, steps, transaction.Now));
    }
}
