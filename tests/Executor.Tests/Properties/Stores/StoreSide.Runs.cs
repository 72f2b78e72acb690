using System.Text;
using Executor.Identity;
using Executor.Runs;
using Executor.Runs.Transitions;

namespace Executor.Tests.Properties.Stores;

internal sealed partial class StoreSide
{
    private async Task<string> InsertAsync(StoreStep step)
    {
        var count = 1 + (step.B % 3);
        var steps = Enumerable.Range(0, count)
            .Select(n => new StepDefinition(
                $"step-{n}",
                n == 0 ? Key(step.A).Server : Server(step.A + n),
                "search",
                "{}",
                step.B % 2 == 0 ? TimeSpan.FromTicks(12_345_678) : null,
                OnUnknown.Ask))
            .ToList();
        var now = _clock.GetUtcNow();
        var run = new RunRow
        {
            Id = new RunId(NextId()),
            User = Key(step.A).User,
            Name = "nightly",
            Input = "{}",
            StepCount = count,
            NextServer = steps[0].Server,
            NotBefore = step.C % 5 == 0 ? now.AddSeconds(3.00005) : null,
            BlockedSince = step.C % 5 == 0 ? now : null,
            Version = 1,
            CreatedAt = step.C % 4 == 0 ? now.AddSeconds(-step.C) : now,
            UpdatedAt = now,
        };
        var key = step.C % 3 == 0 ? new IdempotencyKey($"key-{step.B % 2}", Encoding.UTF8.GetBytes($"{step.A % 2}")) : null;
        var inserted = await Host(step.A).Runs.InsertAsync(run, steps, key, default);
        if (inserted is RunInsertion.Inserted)
            _runs.Add(run.Id);
        return inserted.GetType().Name + _text.Of(inserted);
    }

    private async Task<string> FindReadyAsync(StoreStep step) => _text.Of(await Host(step.C).Runs.FindReadyAsync(
        1 + (step.A % 3), 1 + (step.B % 7), step.C % 2 == 0 ? [] : [Server(step.C)], default));

    private async Task<string> ClaimAsync(StoreStep step)
    {
        var (node, host) = _nodes[step.A % _nodes.Count];
        var ready = (await Host(host).Runs.FindReadyAsync(2, 1 + (step.B % 4), [], default)).Runs.Select(run => run.Id);

        // Others too, which may not be there to be taken any more.
        var ids = (step.C % 3 == 0 ? ready.Reverse().Concat(_runs.TakeLast(2)) : ready).Distinct().ToList();
        var claimed = await Host(host).Runs.ClaimAsync(ids, node, default);
        _claims.AddRange(claimed.Select(record => (new RunClaim(record.Run.Id, node, record.Run.Fence), record.Steps)));
        return _text.Of(claimed);
    }

    private async Task<string> TriggerAsync(StoreStep step)
    {
        if (_runs.Count == 0)
            return "";
        var id = Pick(_runs, step.A);
        var record = await Host(step.B).Runs.ReadAsync(id, default);
        var next = record is { } read && read.Run.Position + 1 < read.Steps.Count ? read.Steps[read.Run.Position + 1].Definition : null;
        TriggerAction? action = (step.C % 3) switch { 0 => null, 1 => TriggerAction.Retry, _ => TriggerAction.Skip };
        return _text.Of(await Host(step.B).Runs.ChangeAsync(
            id,
            null,
            ledger => UserMoves.Trigger(ledger, record?.Run.User ?? Key(0).User, action, record?.Run.Position, next),
            default));
    }

    private async Task<string> CancelAsync(StoreStep step)
    {
        var user = UserId.From(1 + (step.B % Users));
        return _text.Of(await Host(step.B).Runs.ChangeAsync(Pick(_runs, step.A), null, ledger => UserMoves.Cancel(ledger, user), default));
    }

    private async Task<string> ReleaseAsync(StoreStep step)
    {
        var lost = _nodes.Where((_, n) => ((step.A >> n) & 1) == 1).Select(entry => entry.Node).ToList();
        return _text.Of(await Host(step.B).Runs.ReleaseAsync(lost, default));
    }

    private async Task<string> FindOwnersAsync(StoreStep step)
    {
        var owners = (await Host(step.A).Runs.FindOwnersAsync(default)).Select(_text.Of).Order(StringComparer.Ordinal);
        var claims = await Host(step.A).Runs.FindClaimsAsync(_nodes[step.B % _nodes.Count].Node, default);
        return $"{string.Join(' ', owners)} {string.Join(' ', claims.Select(claim => $"{claim.Id} {claim.Fence}").Order(StringComparer.Ordinal))}";
    }

    private async Task<string> ListAsync(StoreStep step)
    {
        var filter = new RunFilter(
            step.A % 3 == 0 ? (RunStatus)(step.B % 6) : null,
            step.B % 3 == 0 ? Server(step.C) : null,
            step.C % 3 == 0 && _runs.Count > 0 ? Pick(_runs, step.B) : null);
        return _text.Of(await Host(step.C).Runs.ListAsync(UserId.From(1 + (step.A % Users)), filter, 1 + (step.B % 5), default));
    }

    private async Task<string> ReadRunAsync(int host, RunId id)
    {
        var record = await Host(host).Runs.ReadAsync(id, default);
        var found = await Host(host).Runs.FindAsync(id, default);
        var results = await Host(host).Runs.ReadResultsAsync(id, [0, 2, 9], default);
        var ledger = await Host(host).Runs.ChangeAsync(id, null, ledger => new RunDecision<RunLedger>(ledger), default);
        return $"{_text.Of(record)} {_text.Of(found)} {_text.Of(results.OrderBy(result => result.Key))} {_text.Of(ledger)}";
    }

    private async Task<string> PruneAsync(StoreStep step)
    {
        // Which of those that finished together go first, no database says.
        var before = _clock.GetUtcNow().AddSeconds(-(step.A % 3 * 10));
        return _text.Of(await Host(step.B).Runs.PruneAsync(before, step.C % 4 == 0 ? 0 : 100, default));
    }
}
