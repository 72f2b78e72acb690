using Executor.Credentials;
using Executor.Nodes;

namespace Executor.Tests.Credentials.Schedules;

/// <summary>
/// One credential, several nodes and a provider, moved by a seed. Nodes do what senders do: they open, check their permit, send,
/// listen until the deadline and settle; a node that stands still does none of it, and whatever it had begun goes on without it.
/// </summary>
internal sealed partial class Schedule
{
    private const int Steps = 120;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private readonly int _seed;
    private readonly bool _faults;
    private readonly Random _random;
    private readonly TransitionBench _bench = new();
    private readonly ProviderModel _provider;
    private readonly ProviderKind _kind;
    private readonly List<ScheduledNode> _nodes = [];
    private readonly List<Redemption> _redemptions = [];
    private readonly List<string> _trace = [];
    private bool _calm;

    public Schedule(int seed, bool faults)
    {
        _seed = seed;
        _faults = faults;
        _random = new Random(seed);
        _kind = (ProviderKind)_random.Next(5);
        var window = TimeSpan.FromSeconds(Pick(12, 14, 30, 60, 600));
        _provider = new ProviderModel(_kind, window);
        _bench.Replay = _random.Next(4) == 0 || _kind == ProviderKind.Strict ? Servers.RefreshReplay.Strict
            : _kind == ProviderKind.NoRotation ? Servers.RefreshReplay.NoRotation
            : Servers.RefreshReplay.Grace(window);
        for (var n = 0; n < 3; n++)
            Join();
    }

    public void Run()
    {
        Deposit();
        for (var step = 0; step < Steps; step++)
            Do(Step);
        Rest();
        _bench.Now += TimeSpan.FromHours(2);
        if (_bench.State == CredentialState.Ready)
        {
            Do(OpenAndSend);
            Rest();
        }
    }

    /// <summary>Faults have stopped: frozen nodes thaw, dead ones are written down, and recovery looks every few seconds.</summary>
    private void Rest()
    {
        _calm = true;
        foreach (var node in _nodes.Where(node => node.StillSince is not null).ToList())
            Do(() => Mend(node));
        Do(Join);
        for (var look = 0; look < 360 && !IsAtRest; look++)
        {
            Do(() => Pass(TimeSpan.FromSeconds(5)));
            foreach (var redemption in Owed())
                Do(() => Proceed(redemption));
            if (_bench.State is CredentialState.Refreshing or CredentialState.Unresolved)
                Do(OpenAndSend);
        }

        Check(IsAtRest, "The credential does not come to rest");
    }

    private void OpenAndSend()
    {
        Open(Acting()!);
        foreach (var redemption in Owed())
            Proceed(redemption);
    }

    private bool IsAtRest => Owed().Count == 0
        && _bench.State is CredentialState.Ready or CredentialState.NeedsReauth or CredentialState.OperatorError or CredentialState.Absent;

    private void Step()
    {
        switch (_random.Next(_faults ? 100 : 80))
        {
            case < 24 when Acting() is { } node:
                Open(node);
                break;
            case < 60:
                if (Any(Owed()) is { } owed)
                    Proceed(owed);
                break;
            case < 74:
                Pass(TimeSpan.FromSeconds(_faults ? Pick(0.1, 0.5, 1, 2, 4, 10, 40, 125) : Pick(0.1, 0.5, 1)));
                break;
            case 74:
                Deposit();
                break;
            case 75:
                Repeat();
                break;
            case 76 when _random.Next(2) == 0:
                Note("delete");
                _bench.Delete();
                _family = null;
                break;
            case 77 when _faults && Held() is { } held:
                Note("the user revokes");
                _provider.Revoke(held);
                break;
            case < 80:
                break;
            case < 86 when Acting() is { } node:
                node.StillSince = _bench.Now;
                node.Crashed = _random.Next(2) == 0;
                Note($"{node.Self.Incarnation} {(node.Crashed ? "crashes" : "freezes")}");
                break;
            case < 92:
                Observe();
                break;
            case < 97:
                if (Any(_nodes.Where(node => node is { StillSince: not null, Crashed: false })) is { } thawing)
                    Mend(thawing);
                break;
            default:
                if (_nodes.Count(node => node.Acts) < 3)
                    Join();
                break;
        }
    }

    private void Deposit()
    {
        var token = _provider.NewGrant();
        Note($"deposit {token}");
        (_family, _deposited) = (_provider.FamilyOf(token), token);
        _bench.Deposit(token);
    }

    /// <summary>The client's retry of its last deposit.</summary>
    private void Repeat()
    {
        if (_bench.State is CredentialState.Absent or CredentialState.NeedsReauth)
            return;
        Note("the last deposit once more");
        var generation = _bench.Generation;
        _bench.Deposit(_deposited);
        Check(_bench.Generation == generation, "A repeated deposit makes a generation");
    }

    private void Observe()
    {
        foreach (var node in _nodes.Where(node => !node.Gone && _bench.Now - node.StillSince >= Lease))
        {
            _bench.Suspect.Add(node.Self);
            if (node.Crashed || _random.Next(4) == 0) // or cut off for longer than a lease: it looks killed
            {
                Note($"{node.Self.Incarnation} is written down as gone");
                node.Gone = true;
                _bench.Gone.Add(node.Self);
                foreach (var redemption in _redemptions.Where(r => r.Node == node && !r.Settled))
                    redemption.WrittenOff = true;
            }
        }
    }

    private void Mend(ScheduledNode node)
    {
        if (node.Crashed)
        {
            _bench.Now += Lease;
            Observe();
            return;
        }

        Note($"{node.Self.Incarnation} thaws");
        node.StillSince = null;
        _bench.Suspect.Remove(node.Self);
    }

    private void Join() => _nodes.Add(new ScheduledNode(new NodeRef($"n{_nodes.Count % 3}", _nodes.Count + 1)));

    private ScheduledNode? Acting() => _calm ? _nodes[^1] : Any(_nodes.Where(node => node.Acts));

    /// <summary>What nodes that act still have to do.</summary>
    private List<Redemption> Owed() => [.. _redemptions.Where(r => !r.Settled && r.Node.Acts)];

    private T? Any<T>(IEnumerable<T> items)
        where T : class
    {
        var all = items.ToList();
        return all.Count == 0 ? null : all[_random.Next(all.Count)];
    }

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
