using System.Collections.Concurrent;
using Executor.Identity;

namespace Executor.Mcp.Calls;

/// <summary>
/// Which parameters of which tools each server wants mirrored. A call names a tool and nothing more. What its schema asks for is known
/// from a listing, and one is made for the call where none was seen of late. Schemas are the server's and not a user's, so one listing
/// does for all users.
/// </summary>
internal sealed class KnownTools(TimeProvider time)
{
    private const int MaxAbsent = 1_000;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMinutes(1);

    /// <summary>Those who waited for one another's listing are as likely refused as the first of them, one after the other.</summary>
    private static readonly TimeSpan PauseAfterRefusal = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<McpServerId, Server> _servers = new();

    /// <summary>A listing was made for another reason.</summary>
    public void Learn(McpServerId server, ToolListReader listing) => Of(server).Learn(listing, time.GetTimestamp());

    /// <param name="list">
    /// Without tools where they cannot be listed just now: the call goes out with what is known, and the server judges. It may be this
    /// caller alone who cannot.
    /// </param>
    /// <param name="anew">The server said that what is known is wrong.</param>
    /// <returns>Null for a tool whose definition has to be rejected.</returns>
    public async Task<ParameterHeaders?> FindAsync(
        McpServerId id, string tool, Func<Task<(ToolListReader? Tools, bool CallerAlone)>> list, bool anew, CancellationToken cancellationToken)
    {
        var server = Of(id);
        var asked = time.GetTimestamp();
        if (!anew && server.Find(tool, time) is { } known)
            return known.Headers;
        await server.Turn.WaitAsync(cancellationToken);
        try
        {
            // Whoever had the turn before may have learnt it.
            if (!(anew ? server.LearntSince(asked) : server.Find(tool, time) is not null))
            {
                var (tools, callerAlone) = await list();
                if (tools is not null)
                    server.Learn(tools, time.GetTimestamp());
                else
                    server.Fail(time.GetTimestamp(), callerAlone ? PauseAfterRefusal : PauseAfterFailure);
                if (tools is not null)
                    server.Miss(tool);
            }

            return server.Latest(tool);
        }
        finally
        {
            server.Turn.Release();
        }
    }

    private Server Of(McpServerId server) => _servers.GetOrAdd(server, static _ => new Server());

    /// <param name="Headers">Null for a tool to be rejected.</param>
    private sealed record Known(ParameterHeaders? Headers);

    private sealed class Server
    {
        private readonly Lock _gate = new();
        private Dictionary<string, ParameterHeaders?> _tools = [];
        private HashSet<string> _absent = new(StringComparer.Ordinal);
        private long? _learntAt;
        private (long At, TimeSpan Pause)? _failed;

        /// <summary>One listing at a time.</summary>
        public SemaphoreSlim Turn { get; } = new(1);

        public Known? Find(string tool, TimeProvider time)
        {
            lock (_gate)
            {
                var isFresh = _learntAt is { } at && time.GetElapsedTime(at) < Lifetime;
                var waits = _failed is { } failed && time.GetElapsedTime(failed.At) < failed.Pause;
                if (_tools.TryGetValue(tool, out var headers))
                    return isFresh || waits ? new Known(headers) : null;
                return waits || (isFresh && _absent.Contains(tool)) ? new Known(ParameterHeaders.None) : null;
            }
        }

        public ParameterHeaders? Latest(string tool)
        {
            lock (_gate)
                return _tools.TryGetValue(tool, out var headers) ? headers : ParameterHeaders.None;
        }

        public bool LearntSince(long timestamp)
        {
            lock (_gate)
                return _learntAt > timestamp;
        }

        public void Learn(ToolListReader listing, long now)
        {
            lock (_gate)
                (_tools, _absent, _learntAt, _failed) = (listing.Headers, new HashSet<string>(StringComparer.Ordinal), now, null);
        }

        public void Fail(long now, TimeSpan pause)
        {
            lock (_gate)
                _failed = (now, pause);
        }

        /// <summary>A user may see more tools than another, and may name one that nobody sees.</summary>
        public void Miss(string tool)
        {
            lock (_gate)
            {
                if (_tools.ContainsKey(tool) || (_absent.Count >= MaxAbsent && !_absent.Contains(tool)))
                    return;
                _absent.Add(tool);
            }
        }
    }
}
