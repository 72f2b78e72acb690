using System.Net;
using System.Runtime.InteropServices;
using Executor.Credentials;
using Executor.Mcp.Http.Answers;
using Executor.Servers;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Http;

/// <summary>
/// What an HTTP request of the SDK belongs to, and what became of it. It travels beside the SDK, which passes no bearer down and no
/// status up. The caller sets it, and <see cref="UpstreamHandler"/> finds it.
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

    /// <summary>The body of the last message began to be written: from here on the server may have acted on it.</summary>
    public bool Sent { get; set; }

    /// <summary>
    /// The server was heard to work on the call: it told of its progress, asked for something, or answered a first round of it. This is
    /// kept over the messages that follow, unlike what stands below.
    /// </summary>
    public bool HasBegun { get; set; }

    /// <summary>Of the last message posted, as all that follows; null until it is answered.</summary>
    public HttpStatusCode? Status { get; private set; }

    /// <summary>It named a session.</summary>
    public bool NamedSession { get; private set; }

    public RpcReply? Reply { get; private set; }

    /// <summary>What stands beside the status of a refusal.</summary>
    public Refusal? Refusal { get; private set; }

    /// <summary>An answer was read to its end.</summary>
    public bool AnswerEnded { get; set; }

    /// <summary>Something was answered to some message of this scope.</summary>
    public bool HasAnswer { get; private set; }

    /// <summary>The id of the request that was posted last.</summary>
    public long? Request { get; private set; }

    /// <summary>It asked whether the server speaks the version without a handshake.</summary>
    public bool IsProbe { get; private set; }

    public void Begin(PostedContent message, bool namesSession)
    {
        (Request, NamedSession, IsProbe) = (message.RequestId, namesSession, message.Method == RequestMethods.ServerDiscover);
        Forget();
    }

    /// <summary>Before a request, so that nothing of the one before it is taken for its answer.</summary>
    public void Forget() => (Sent, Status, Reply, Refusal, AnswerEnded) = (false, null, null, null, false);

    public void Note(HttpStatusCode status) => (Status, HasAnswer) = (status, true);

    /// <summary>The first counts: it is the one that a server means, and another with the same id is somebody's mistake.</summary>
    public void Keep(RpcReply reply)
    {
        if (Reply is not null)
            return;
        // Mending may have made it longer than it was.
        if (reply.Error is null && JsonMarshal.GetRawUtf8Value(reply.Result).Length > Budget.Limit)
            throw new AnswerTooLargeException();
        Reply = reply;
    }

    public void Keep(Refusal refusal) => (Refusal, Reply) = (refusal, refusal.Reply);

    /// <summary>For the calling async method and what it awaits: the change does not leave the method.</summary>
    public void Enter() => Ambient.Value = this;
}

internal enum ScopePurpose
{
    Connect,
    Call,
    Cancel,

    /// <summary>The stream on which a server speaks unasked, and what is answered there.</summary>
    Listen,
    Close,
}

/// <summary>Bytes that may still be read.</summary>
internal sealed class ByteBudget(long bytes)
{
    private long _left = bytes;

    public long Limit { get; } = bytes;

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
