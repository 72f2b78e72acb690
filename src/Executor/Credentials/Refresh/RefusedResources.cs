using System.Collections.Concurrent;
using Executor.Identity;

namespace Executor.Credentials.Refresh;

/// <summary>
/// Token endpoints that refuse the <c>resource</c> parameter (RFC 8707 §2) of a server; they are sent none for a day. On this node alone, and
/// until its end: the refusal spends no token, so that a node that does not know of it yet pays one request, while a table would cost a
/// read for every refresh.
/// </summary>
internal sealed class RefusedResources(TimeProvider time)
{
    private const int MaxRemembered = 1000;

    private static readonly TimeSpan _memory = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<(McpServerId Server, string Endpoint), long> _refusedAt = new();

    public bool Contains(McpServerId server, string endpoint) =>
        _refusedAt.TryGetValue((server, endpoint), out var at) && time.GetElapsedTime(at) < _memory;

    /// <returns>False when it was known already.</returns>
    public bool Add(McpServerId server, string endpoint)
    {
        if (Contains(server, endpoint))
            return false;
        if (_refusedAt.Count >= MaxRemembered)
            _refusedAt.Clear();
        _refusedAt[(server, endpoint)] = time.GetTimestamp();
        return true;
    }
}
