using Executor.Identity;
using Executor.Nodes;
using Executor.Runs.Driving;
using Executor.Runs.Transitions;
using Microsoft.Extensions.Logging;

namespace Executor.Runs.Scheduling;

/// <summary>Fills this node's room with pending runs, fairly over users.</summary>
internal sealed partial class RunClaimer(
    IRunStore store, INodeLiveness liveness, RunCrew crew, RunSlots slots, RunMetrics metrics, ILogger<RunClaimer> logger)
{
    /// <summary>How many of one user's runs are looked at in one pass.</summary>
    private const int PerUser = 16;

    /// <summary>Looked at beyond the free room: runs whose user or whose share of a server is full take up places too.</summary>
    private const int Spare = 256;

    private static readonly TimeSpan _contended = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs that may be this node's with nobody at them: their claim's outcome was not known.</summary>
    private readonly HashSet<RunId> _doubtful = [];

    /// <summary>Claims until there is no room or nothing due. Says how long until something will be due; null when nothing waits.</summary>
    public async Task<TimeSpan?> FillAsync(CancellationToken cancellationToken)
    {
        await GiveBackDoubtfulAsync();
        var shunned = new HashSet<McpServerId>();
        while (!cancellationToken.IsCancellationRequested && liveness.MayStartSteps && slots.Free is > 0 and var free)
        {
            var closed = slots.Saturated().Union(shunned).ToList();
            var ready = await store.FindReadyAsync(PerUser, free + Spare, closed, cancellationToken);
            var crowded = new HashSet<McpServerId>();
            var chosen = Choose(ready.Runs, crowded);
            if (chosen.Count > 0)
            {
                // Nobody else's, nor ours: locked by some change. It is announced when that is over.
                if (await ClaimAsync(chosen) == 0)
                    return _contended;
                continue;
            }

            // Behind a queue at a server with no share left, the same user may have runs for other servers.
            if (crowded.IsSubsetOf(shunned))
                return ready.NextDue;
            shunned.UnionWith(crowded);
        }

        return null;
    }

    /// <summary>Looks for users who wait while others have plenty, so that these make room between two steps.</summary>
    public async Task RefreshWaitingAsync(CancellationToken cancellationToken)
    {
        var crowded = slots.Free == 0 || slots.Saturated().Count > 0;
        slots.SetWaiting(crowded ? (await store.FindReadyAsync(1, Spare, [], cancellationToken)).Runs : []);
    }

    /// <summary>
    /// Looks for claims with nobody at them. A claim that was given up may still take place, as late as the network delivers it. This
    /// node may have looked before that, and seen the run unclaimed.
    /// </summary>
    public async Task FindForgottenAsync(CancellationToken cancellationToken)
    {
        var self = liveness.Self;
        foreach (var (id, fence) in await store.FindClaimsAsync(self, cancellationToken))
        {
            if (!crew.IsActive(new RunClaim(id, self, fence)))
                _doubtful.Add(id);
        }
    }

    /// <summary>Always the next run of the user who has the fewest; takes its slot.</summary>
    private Dictionary<RunId, RunSlots.Slot> Choose(IReadOnlyList<ReadyRun> ready, HashSet<McpServerId> crowded)
    {
        var chosen = new Dictionary<RunId, RunSlots.Slot>();
        var queues = new PriorityQueue<Queue<ReadyRun>, (int Running, int Order)>();
        var order = 0;
        foreach (var user in ready.GroupBy(run => run.User))
            queues.Enqueue(new Queue<ReadyRun>(user), (slots.Of(user.Key), order++));
        while (queues.TryDequeue(out var queue, out var priority) && slots.Free > 0)
        {
            var run = queue.Dequeue();
            if (slots.TryTake(run.User, run.Server) is { } slot)
                chosen.Add(run.Id, slot);
            else if (run.Server is { } server)
                crowded.Add(server);
            if (queue.Count > 0)
                queues.Enqueue(queue, (slots.Of(run.User), priority.Order));
        }

        return chosen;
    }

    private async Task<int> ClaimAsync(Dictionary<RunId, RunSlots.Slot> chosen)
    {
        try
        {
            // Not cancelled: a claim of unknown outcome is more trouble than a short wait.
            var claimed = await store.ClaimAsync(chosen.Keys, liveness.Self, CancellationToken.None);
            metrics.Claimed(claimed.Count);
            foreach (var run in claimed)
            {
                if (chosen.Remove(run.Run.Id, out var slot))
                    crew.Start(run, slot);
            }

            return claimed.Count;
        }
        catch (StoreUnavailableException)
        {
            _doubtful.UnionWith(chosen.Keys);
            throw;
        }
        finally
        {
            foreach (var slot in chosen.Values)
                slot.Dispose();
        }
    }

    private async Task GiveBackDoubtfulAsync()
    {
        foreach (var id in _doubtful.ToList())
        {
            try
            {
                await store.ChangeAsync(id, park: null, GiveBack, CancellationToken.None);
            }
            catch (Exception defect) when (defect is not StoreUnavailableException)
            {
                // One run's defect (a row written by a newer version, say) keeps no other from being claimed; the next sweep finds it.
                Log.NotGivenBack(logger, id, defect.GetType().Name);
            }

            _doubtful.Remove(id);
        }
    }

    private RunDecision<MoveOutcome> GiveBack(RunLedger ledger) =>
        ledger.Run is { Status: RunStatus.Running, Owner: { } owner } run
            && owner == liveness.Self
            && !crew.IsActive(new RunClaim(run.Id, owner, run.Fence))
                ? new(MoveOutcome.Ended, run.MoveTo(RunStatus.Pending, ledger.Now))
                : new(MoveOutcome.Refused);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Run {Run}, which nobody works on, could not be given back: {ExceptionType}")]
        public static partial void NotGivenBack(ILogger logger, RunId run, string exceptionType);
    }
}
