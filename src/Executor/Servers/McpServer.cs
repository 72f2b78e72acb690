using Executor.Identity;

namespace Executor.Servers;

/// <summary>One MCP server of the servers file.</summary>
public sealed record McpServer(McpServerId Id, Uri Url, IReadOnlyDictionary<string, string> Headers, McpServerAuth Auth)
{
    /// <summary>What this server and its token endpoints are told that is calling. A <c>User-Agent</c> among the headers goes before it at the MCP server.</summary>
    public string UserAgent { get; init; } = UserAgents.Default;
}

public abstract record McpServerAuth
{
    private McpServerAuth()
    {
    }

    public sealed record None : McpServerAuth;

    /// <summary>A static bearer among the server's headers, shared by all users.</summary>
    public sealed record Bearer : McpServerAuth;

    /// <summary>A credential per user.</summary>
    /// <param name="Resource">RFC 8707 resource indicator, sent with each refresh.</param>
    /// <param name="Replay">What a second redemption of a possibly spent refresh token does at this provider.</param>
    /// <param name="TokenEndpoints">When not empty, the only token endpoints that may be deposited and called.</param>
    public sealed record OAuth2(string? Resource, RefreshReplay Replay, IReadOnlyList<string> TokenEndpoints) : McpServerAuth;
}

/// <summary>What a second redemption of a refresh token does at the OAuth server.</summary>
/// <param name="Kind">Strict is what everything unsaid is taken for.</param>
/// <param name="Window">For <see cref="RefreshReplayKind.Grace"/>: how long after the first redemption a second one is harmless.</param>
public readonly record struct RefreshReplay(RefreshReplayKind Kind, TimeSpan Window)
{
    public static readonly RefreshReplay Strict = new(RefreshReplayKind.Strict, TimeSpan.Zero);

    public static readonly RefreshReplay NoRotation = new(RefreshReplayKind.NoRotation, Timeout.InfiniteTimeSpan);

    public static RefreshReplay Grace(TimeSpan window) => new(RefreshReplayKind.Grace, window);
}

public enum RefreshReplayKind
{
    Strict,
    Grace,
    NoRotation,
}

/// <summary>The servers file, as read at start.</summary>
public interface IMcpServerCatalog
{
    McpServer? Find(McpServerId id);

    /// <summary>All that there are, for those who are told what a node knows.</summary>
    IReadOnlyCollection<McpServerId> Ids { get; }
}
