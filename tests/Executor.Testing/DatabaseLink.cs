using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Executor.Testing;

/// <summary>The way between one node and its database: a relay that can be cut, stalled, and made to lose the answer to one commit.</summary>
internal sealed class DatabaseLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<LinkedSession, byte> _sessions = new();
    private readonly CancellationTokenSource _end = new();
    private readonly int _server;
    private readonly Task _accepting;
    private readonly List<LinkGates> _late = [];
    private volatile LinkGates _gates = new();
    private volatile bool _isCut;
    private volatile LostCommit? _trap;

    /// <param name="server">The database's port.</param>
    public DatabaseLink(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = Task.Run(AcceptAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Resets every session and every new one, until <see cref="Heal"/>.</summary>
    public void Cut()
    {
        _isCut = true;
        Reset(_ => true);
    }

    /// <summary>Resets some of the sessions that are open.</summary>
    public void Reset(Func<int, bool> which)
    {
        var number = 0;
        foreach (var session in _sessions.Keys)
        {
            if (which(number++))
                session.Reset();
        }
    }

    /// <summary>Sessions stay and are accepted, and nothing comes through. What was sent meanwhile arrives after <see cref="Heal"/>.</summary>
    public void Stall()
    {
        _gates.Close();
    }

    /// <summary>New sessions go through; the stalled ones stay so until <see cref="Heal"/>, as packets that are sent again and again do.</summary>
    public void HealNewSessions()
    {
        _late.Add(_gates);
        _gates = new LinkGates();
    }

    public void Heal()
    {
        _isCut = false;
        foreach (var gates in _late.Append(_gates))
            gates.Open();
        _late.Clear();
    }

    /// <summary>
    /// The next transaction whose last request has <paramref name="marker"/> in it is committed, and its session reset in place of the
    /// answer. Completes when that has happened.
    /// </summary>
    public Task LoseCommitAnswerAsync(string marker)
    {
        var trap = new LostCommit(marker);
        _trap = trap;
        return trap.Sprung.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        Cut();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            Socket node;
            try
            {
                node = await _listener.AcceptSocketAsync(_end.Token);
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return;
            }

            _ = RelayAsync(node);
        }
    }

    private async Task RelayAsync(Socket node)
    {
        using var session = new LinkedSession(node, _gates, () => _trap);
        _sessions[session] = 0;
        if (_isCut)
            session.Reset();
        await session.RunAsync(_server);
        _sessions.TryRemove(session, out _);
    }
}
