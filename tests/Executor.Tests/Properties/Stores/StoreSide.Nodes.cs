using Executor.Nodes;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Properties.Stores;

internal sealed partial class StoreSide
{
    private async Task<string> NodeAsync(StoreStep step)
    {
        var (node, host) = _nodes[step.A % _nodes.Count];
        var registry = Host(step.C % 4 == 0 ? host + 1 : host).Nodes;
        switch (step.Act)
        {
            case StoreAct.Enter:
                return _text.Of(await EnterAsync(step.A));
            case StoreAct.Beat:
                await registry.BeatAsync(node, default);
                return "";
            case StoreAct.MarkGone:
                await registry.MarkGoneAsync(node, default);
                return "";
            case StoreAct.Leave:
                await registry.LeaveAsync(node, default);
                return Held();
            case StoreAct.Retake:
                return $"{await _troubles.RetakeAsync(registry, node, _hosts)} {Held()}";
            case StoreAct.Cut:
                await _troubles.CutAsync(node, _hosts);
                return Held();
            case StoreAct.Restart:
                await RestartAsync(step.A);
                return Held();
            default:
                var seen = await registry.ObserveAsync(default);
                var told = seen.Select(sighting => $"{_text.Of(sighting.Node)} {sighting.Heartbeat} {sighting.LockHeld}");
                return $"{string.Join(' ', told.Order(StringComparer.Ordinal))} {Held()}";
        }
    }

    private async Task<NodeRef> EnterAsync(int number)
    {
        var host = number % _hosts.Length;
        var node = await _hosts[host].Nodes.EnterAsync($"node-{number % 3}", default);
        _entered.Add(node);
        _nodes.Add((node, host));
        return node;
    }

    /// <summary>A process is killed, and another one comes.</summary>
    private async Task RestartAsync(int number)
    {
        if (_hosts.Length == 1)
            return; // in memory, what it kept would be gone with it
        var host = number % _hosts.Length;
        var held = _entered.Where(_hosts[host].Nodes.HoldsLock).ToList();
        Ears[host].Dispose();
        await _hosts[host].DisposeAsync();
        await _troubles.WhenFreeAsync(held);
        _hosts[host] = await _backend.OpenAsync(_clock);
        Ears[host] = new StoreEars(_hosts[host].Changes);
        WasRestarted = true;
    }

    private string Held() => string.Join(
        '|', _hosts.Select(host => string.Join(',', _entered.Select((node, n) => host.Nodes.HoldsLock(node) ? $"{n}" : ""))));
}
