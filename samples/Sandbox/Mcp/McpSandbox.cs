using System.Collections.Concurrent;
using Executor.Sandbox.Control;

namespace Executor.Sandbox.Mcp;

/// <summary>Control of the MCP server; the HTTP control endpoints call the same members.</summary>
public sealed class McpSandbox
{
    private readonly ConcurrentDictionary<string, int> _effects = new(StringComparer.Ordinal);

    internal McpSandbox(SandboxOptions options, CancellationToken stopping)
    {
        Time = options.TimeProvider;
        ToolCount = options.ToolCount;
        Holds = new Holds(Time, stopping);
        Journal = new Journal<McpRequest>(options.JournalCapacity);
    }

    public Journal<McpRequest> Journal { get; }

    /// <summary>Tools listed at least; may be changed while clients are connected.</summary>
    public int ToolCount { get; set; }

    /// <summary>How often each effect of <c>create</c> and <c>crash</c> happened, by the call's idempotency key (empty where it had none).</summary>
    public IReadOnlyDictionary<string, int> Effects => new Dictionary<string, int>(_effects, StringComparer.Ordinal);

    public McpCounters Counters => Tally.Read(Sessions.Count, Sessions.Opened, Holds.Count);

    internal TimeProvider Time { get; }

    internal Holds Holds { get; }

    internal FaultList<McpFault> Faults { get; } = new();

    internal McpSessions Sessions { get; } = new();

    internal McpTally Tally { get; } = new();

    internal RunningCalls Running { get; } = new();

    public void SetFault(McpFault fault) => Faults.Set(fault, fault.Times);

    public void ClearFaults() => Faults.Clear();

    /// <summary>Lets held requests and waiting tools go on: one, those of a grant, or all. Returns how many.</summary>
    public int Release(long? sequence = null, string? grantId = null) => Holds.Release(sequence, grantId);

    /// <summary>Forgets all sessions, as a restarted server does: their ids are answered with 404.</summary>
    public Task CloseSessionsAsync() => Sessions.CloseAllAsync();

    /// <inheritdoc cref="Journal{T}.WaitAsync"/>
    public Task<IReadOnlyList<McpRequest>> WaitForRequestsAsync(
        Func<McpRequest, bool> where, int count = 1, TimeSpan? timeout = null, long after = 0, CancellationToken cancellationToken = default) =>
        Journal.WaitAsync(where, count, timeout ?? SandboxOptions.DefaultWait, after, cancellationToken);

    public Task<IReadOnlyList<McpRequest>> WaitForHeldAsync(int count = 1, TimeSpan? timeout = null) =>
        WaitForRequestsAsync(r => r.Stage == McpStage.Held, count, timeout);

    /// <summary>Forgets faults, counters, effects and journal, and lets everything that is held go on. Sessions stay.</summary>
    public void Reset()
    {
        Faults.Clear();
        Holds.Release(sequence: null, grantId: null);
        Journal.Clear();
        _effects.Clear();
        Tally.Reset();
    }

    internal int CountEffect(string idempotencyKey) => _effects.AddOrUpdate(idempotencyKey, 1, (_, count) => count + 1);
}
