using System.Collections.Immutable;
using Executor.Credentials;
using Executor.Nodes;
using Executor.Servers;
using Executor.Simulation.Cluster;
using Executor.Simulation.Providers;
using Executor.Simulation.Store;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Rules;

/// <summary>Who may open an intent, and who may send under it.</summary>
internal sealed partial class CredentialRules
{
    private static readonly TimeSpan Permit = Plan.Lease / 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    public static readonly TimeSpan ObserverMargin = TimeSpan.FromSeconds(10);

    /// <summary>A request left its process.</summary>
    public Redemption? Sent(SimulatedNode node, string token)
    {
        var now = _world.Timeline.Now;
        var intent = _intents.Values.LastOrDefault(
            intent => intent is { Sent: null, IsSettled: false } && intent.Token == token && node.Incarnations.Contains(intent.Owner.Incarnation));
        var minted = _world.Plan.Servers.Select(server => _world.ProviderOf(server.Id).Find(token)).FirstOrDefault(found => found is not null);
        Check(intent is not null && minted is not null, "No redemption without a committed intent of its own", $"{node.Label} sends {token}");
        if (intent is null || minted is null)
            return null;

        var redemption = new Redemption(node, intent.Key, minted, intent, now) { IsLate = now - intent.OpenedAt >= Permit.Ticks };
        intent.Sent = redemption;
        _world.Trace.Note(node.Label, "sends", token, intent.Generation.Value);
        Check(!redemption.IsLate || node.LastThawAt > intent.OpenedAt, "Nothing is sent after its permit has expired", node.Label);
        var row = _world.Database.Tables.Credentials[intent.Key].Row;
        if (row.Generation == intent.Generation)
        {
            var isOpen = row.State == CredentialState.Refreshing && row.Intent == intent.Id;
            var last = row.Intent is { } latest ? _intents.GetValueOrDefault(latest) : null;

            // It was looked at, over a network: what has happened since nobody can know.
            var isRecent = last is not null && now - last.OpenedAt < Permit.Ticks;
            Check(isOpen || isRecent || redemption.IsLate, "What is sent is sent under the open intent", node.Label);
        }
        else
        {
            var since = _keys[intent.Key].Generations[intent.Generation].Until;
            Check(now - since < Permit.Ticks || redemption.IsLate, "What is sent is of the current generation", node.Label);
        }

        return redemption;
    }

    public void NodeDied(SimulatedNode node) => _world.Trace.Note(node.Label, "is dead");

    /// <summary>An incarnation was written down as gone.</summary>
    public void Gone(NodeRef node)
    {
        foreach (var intent in _intents.Values)
        {
            if (intent.Owner == node && !intent.IsSettled)
                intent.IsWrittenOff = true;
        }

        var lifeline = _world.Lifelines.Of(node);
        Check(
            _world.Plan.Flavour == ModelFlavour.Sqlite || lifeline.HasLeft || lifeline.MayBeGone,
            "Whoever is written down as gone was without its lock whenever others looked",
            $"{node.Name} {node.Incarnation}");
    }

    private void Opened(KeyHistory history, CredentialRow was, StoredCredential? before, StoredCredential after)
    {
        foreach (var intent in after.Intents)
        {
            if (!_intents.ContainsKey(intent.Id))
                Opened(history, was, before?.Row.Generation == after.Row.Generation ? before.Intents : [], after, intent);
        }
    }

    private void Opened(
        KeyHistory history, CredentialRow was, ImmutableList<RefreshIntent> earlier, StoredCredential after, RefreshIntent intent)
    {
        var row = after.Row;
        var tolerant = earlier.Count == 0 || IsTolerant(row.Key, earlier[0].StartedAt, _world.Database.Now);
        var seen = history.Generations[row.Generation];
        var opened = new OpenedIntent(row.Key, intent, _world.Timeline.Now, (intent.UsesKept ? seen.KeptToken : seen.RefreshToken) ?? "")
        {
            IsTolerated = tolerant && earlier.Count > 0,
        };
        _world.Trace.Note(intent.Owner.Name, "opens an intent", null, row.Generation.Value);
        _world.Tally.Add("intents", "opened");
        Check(was.State is not (CredentialState.Absent or CredentialState.NeedsReauth), "A dead generation is not redeemed");
        Check(intent.Generation == row.Generation && row.State == CredentialState.Refreshing && row.Intent == intent.Id, "An intent that opens is the open one");
        Check(!_world.Database.Tables.IsGone(intent.Owner.Incarnation), "Whoever is gone opens no intent", intent.Owner.Name);
        Check(after.Intents[0].Ordinal == 1, "The first intent tells when the window began");
        Check(after.Intents.Select(other => other.Ordinal).Distinct().Count() == after.Intents.Count, "Each intent has its place in the chain");
        foreach (var other in earlier.Where(other => other.Settlement == IntentSettlement.Unsettled))
            CheckBeside(was, other, opened, tolerant);
        _intents[intent.Id] = opened;
        history.Intents.Add(opened);
    }

    /// <summary>One open intent per generation: what else has not settled must be given up for good reason.</summary>
    private void CheckBeside(CredentialRow was, RefreshIntent other, OpenedIntent opened, bool tolerant)
    {
        var isGone = _world.Database.Tables.IsGone(other.Owner.Incarnation);
        if (!tolerant)
        {
            Check(
                isGone && _world.Database.Now >= other.StartedAt + Deadline + ObserverMargin,
                "Strictly, nothing is redeemed beside an intent that is not over",
                $"{other.Owner.Name}, gone: {isGone}, open for {_world.Database.Now - other.StartedAt}");
            return;
        }

        if (was.State != CredentialState.Refreshing || was.Intent != other.Id)
            return; // superseded before
        var isOverdue = IsOneProcess(other.Owner, opened.Owner) && _world.Timeline.Now - _intents[other.Id].OpenedAt + TimeSpan.TicksPerMillisecond > PatienceOf(opened.Key).Ticks;
        var isStill = _world.Lifelines.Of(other.Owner).MayBeSuspected && _world.Database.Now - other.StartedAt >= Plan.Lease;
        Check(isGone || isOverdue || isStill, "No two intents of a generation are open", $"{other.Owner} and {opened.Owner}");
    }

    /// <summary>A process whose incarnation ended goes on listening, and waits no longer for it, in its next one.</summary>
    private bool IsOneProcess(NodeRef one, NodeRef other) =>
        one == other
        || _world.Nodes.Exists(node => node.Incarnations.Contains(one.Incarnation) && node.Incarnations.Contains(other.Incarnation));

    private TimeSpan PatienceOf(CredentialKey key) => _world.ServerOf(key.Server).Replay switch
    {
        { Kind: RefreshReplayKind.Grace, Window: var window } when window / 3 < TimeSpan.FromSeconds(10) => window / 3,
        _ => TimeSpan.FromSeconds(10),
    };

    private bool IsTolerant(CredentialKey key, DateTimeOffset first, DateTimeOffset now) => TolerantUntil(key, first) is { } until && now < until;

    /// <summary>Null where a second redemption is never harmless.</summary>
    private DateTimeOffset? TolerantUntil(CredentialKey key, DateTimeOffset first)
    {
        var replay = _world.ServerOf(key.Server).Replay;
        var margin = replay.Window / 5 > TimeSpan.FromSeconds(2) ? replay.Window / 5 : TimeSpan.FromSeconds(2);
        return replay.Kind switch
        {
            RefreshReplayKind.NoRotation => DateTimeOffset.MaxValue,
            RefreshReplayKind.Grace when replay.Window > Plan.Lease + margin => first + replay.Window - margin,
            _ => null,
        };
    }
}
