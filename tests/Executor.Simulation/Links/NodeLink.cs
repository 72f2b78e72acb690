using Executor.Simulation.Cluster;
using Executor.Simulation.Store;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Links;

/// <summary>
/// A node's way to the database. The work itself is atomic; before and after it the network takes its time, and in a world with
/// faults it stalls, breaks, or loses what the database answered.
/// </summary>
internal sealed class NodeLink
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <summary>So many routine calls take their way.</summary>
    private const int OneRoutineIn = 4;

    private readonly World _world;
    private readonly SimulatedNode _node;

    public NodeLink(World world, SimulatedNode node)
    {
        (_world, _node) = (world, node);
        node.Session.Fault = Fate;
    }

    private bool IsDown => _world.IsDatabaseDown || _node.IsCutOff;

    private bool MayFail => _world.Plan.HasFaults && !_world.IsCalm;

    /// <summary>
    /// What every node asks again and again. Most of the time its way takes no time: a quiet minute would otherwise cost as much to
    /// simulate as an eventful one.
    /// </summary>
    public Task<T> RoutineAsync<T>(string operation, Func<Task<T>> work, int oneIn, CancellationToken cancellationToken) =>
        IsDown || _world.LinkDice.OneIn(OneRoutineIn)
            ? CallAsync(operation, work, oneIn / OneRoutineIn, cancellationToken)
            : Immediate.Run(() => Do(operation, work), cancellationToken);

    /// <param name="mayComeLate">One statement: given up by its caller it may still arrive.</param>
    public async Task<T> CallAsync<T>(
        string operation, Func<Task<T>> work, int oneIn, CancellationToken cancellationToken, bool mayComeLate = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (IsDown)
            await RefuseAsync(operation, cancellationToken);
        var dice = _world.LinkDice;
        var trouble = MayFail && dice.OneIn(oneIn) ? (Trouble)dice.Next(mayComeLate ? 4 : 3) : Trouble.None;
        if (trouble != Trouble.None)
        {
            _world.Tally.Add("database", trouble);
            _world.Trace.Note(_node.Label, "meets trouble", operation, (long)trouble);
        }

        var isFirst = dice.OneIn(2);
        if (!isFirst || trouble is Trouble.Refused or Trouble.Late)
            await _node.Arrive(_world.Latency(), cancellationToken);
        if (IsDown || trouble == Trouble.Refused)
            await RefuseAsync(operation, cancellationToken);
        if (trouble == Trouble.Late)
        {
            _world.Timeline.After(dice.Between(0.1, 8), _ => ComeLate(work));
            throw new StoreUnavailableException();
        }

        var result = Do(operation, work);
        switch (trouble)
        {
            case Trouble.AnswerLost:
                await _node.Arrive(dice.OneIn(3) ? Timeout : _world.Latency(), cancellationToken);
                throw new StoreUnavailableException();
            case Trouble.Stall:
                await _node.Arrive(dice.Seconds(0.3, 1, 2, 4, 12), cancellationToken);
                break;
            default:
                if (isFirst)
                    await _node.Arrive(_world.Latency(), cancellationToken);
                break;
        }

        if (IsDown)
            throw new StoreUnavailableException();
        return result;
    }

    private T Do<T>(string operation, Func<Task<T>> work)
    {
        try
        {
            return work().GetAwaiter().GetResult();
        }
        catch (Exception defect) when (defect is not (StoreUnavailableException or OperationCanceledException))
        {
            _world.Fail("The store refuses no decision", $"{operation} on {_node.Label}: {defect}");
            throw;
        }
        finally
        {
            _world.Look(_node);
        }
    }

    private void ComeLate<T>(Func<Task<T>> work)
    {
        if (_node.IsDead || IsDown)
            return;
        try
        {
            work().GetAwaiter().GetResult();
        }
        catch (StoreUnavailableException)
        {
            // Nobody waits for it.
        }

        _world.Look(_node);
    }

    private async Task RefuseAsync(string operation, CancellationToken cancellationToken)
    {
        _world.Trace.Note(_node.Label, "cannot reach the database", operation);
        await _node.Arrive(_world.LinkDice.OneIn(4) ? Timeout : _world.Latency(), cancellationToken);
        throw new StoreUnavailableException();
    }

    private CommitFate Fate(ModelWrite write)
    {
        if (!MayFail || !_world.LinkDice.OneIn(write.Operation is "Change" or "Claim" ? 40 : 400))
            return CommitFate.Committed;
        var fate = _world.LinkDice.OneIn(2) ? CommitFate.Aborted : CommitFate.Untold;
        _world.Tally.Add("commit", fate);
        _world.Trace.Note(_node.Label, fate == CommitFate.Aborted ? "commit fails" : "commit is not told of", write.Operation);
        return fate;
    }

    private enum Trouble
    {
        Refused,
        Stall,
        AnswerLost,
        Late,
        None,
    }
}
