using System.Collections.Concurrent;

namespace Executor.Soak;

/// <summary>What an operator and his machines do to the nodes: one at a time is in trouble.</summary>
internal sealed class NodeEvents(Cluster cluster, Ledger ledger)
{
    private volatile IReadOnlyList<ClusterNode> _inService = [.. cluster.Nodes];

    public IReadOnlyList<ClusterNode> InService => _inService;

    /// <summary>When nodes were killed: what they were told at that moment is known to nobody.</summary>
    public ConcurrentQueue<DateTimeOffset> Kills { get; } = [];

    public Task NextAsync(Random random)
    {
        var node = _inService[random.Next(_inService.Count)];
        var pause = TimeSpan.FromSeconds(1 + (19 * random.NextDouble()));
        return random.Next(3) switch
        {
            0 => KillAsync(node),
            1 => FreezeAsync(node, pause),
            _ => ReplaceAsync(node),
        };
    }

    private async Task KillAsync(ClusterNode node)
    {
        ledger.Count("kills");
        Kills.Enqueue(DateTimeOffset.UtcNow);
        node.Process.Kill();
        Kills.Enqueue(DateTimeOffset.UtcNow);
        await ReplacedAsync(node);
    }

    private async Task FreezeAsync(ClusterNode node, TimeSpan pause)
    {
        ledger.Count("freezes");
        node.Process.Freeze();
        await Task.Delay(pause);
        node.Process.Thaw();
    }

    private async Task ReplaceAsync(ClusterNode node)
    {
        ledger.Count("restarts");
        node.Process.Terminate();
        var code = await node.Process.ExitCodeAsync(TimeSpan.FromMinutes(4));
        if (code != 0)
            ledger.Violated($"{node.Name} ended with {code} when asked to stop");
        await ReplacedAsync(node);
    }

    private async Task ReplacedAsync(ClusterNode old)
    {
        _inService = [.. _inService.Where(node => node != old)];
        _inService = [.. _inService, await cluster.AddNodeAsync()];
    }
}
