using System.Net;
using Executor.Credentials;
using Executor.Servers;

namespace Executor.Mcp.Http;

/// <summary>
/// What an HTTP request of the SDK belongs to, and what became of it. It travels beside the SDK, which passes neither a bearer down
/// nor a status up: set by the caller, found by <see cref="UpstreamHandler"/>.
/// </summary>
/// <param name="bearer">Asked at each request: a connection's own traffic uses the newest token that the connection has seen.</param>
internal sealed class CallScope(McpServer server, ScopePurpose purpose, Func<AccessToken?> bearer, ByteBudget budget)
{
    private static readonly AsyncLocal<CallScope?> Ambient = new();

    public static CallScope? Current => Ambient.Value;

    public McpServer Server => server;

    public ScopePurpose Purpose => purpose;

    public AccessToken? Bearer => bearer();

    /// <summary>What is left of the bytes that the answers of this scope may have, all together.</summary>
    public ByteBudget Budget => budget;

    /// <summary>Named to a server that needs it; null while it is being negotiated.</summary>
    public string? ProtocolVersion { get; init; }

    /// <summary>What the call mirrors of its arguments, by header.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ParameterHeaders { get; set; } = [];

    /// <summary>Ends requests that the SDK itself never gives up on.</summary>
    public CancellationToken Limit { get; init; }

    /// <summary>The body of a request began to be written: from here on the server may have acted on it.</summary>
    public bool Sent { get; set; }

    /// <summary>Of the last message posted.</summary>
    public HttpStatusCode? Status { get; set; }

    /// <summary>The last message posted named a session.</summary>
    public bool NamedSession { get; set; }

    /// <summary>RFC 6750 §3.1: the token is good but does not allow this.</summary>
    public bool InsufficientScope { get; set; }

    /// <summary>An answer was read to its end.</summary>
    public bool AnswerEnded { get; set; }

    /// <summary>For the calling async method and what it awaits: the change does not leave the method.</summary>
    public void Enter() => Ambient.Value = this;
}

internal enum ScopePurpose
{
    Connect,
    Call,
    Cancel,
    Close,
}

/// <summary>Bytes that may still be read.</summary>
internal sealed class ByteBudget(long bytes)
{
    private long _left = bytes;

    public void Spend(int count)
    {
        if (Interlocked.Add(ref _left, -count) < 0)
            throw new AnswerTooLargeException();
    }

    public void Expect(long count)
    {
        if (count > Interlocked.Read(ref _left))
            throw new AnswerTooLargeException();
    }
}
