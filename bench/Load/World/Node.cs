using System.Diagnostics;
using System.Net;

namespace Executor.Load;

/// <summary>One node, a process of its own.</summary>
internal sealed class Node : IAsyncDisposable
{
    private readonly NodeProcess _process;
    private Allocations? _allocations;

    private Node(NodeProcess process, HttpClient http, TimeSpan startup)
    {
        _process = process;
        Http = http;
        Startup = startup;
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    public HttpClient Http { get; }

    public int Id => _process.Id;

    /// <summary>From the process's start to the first 200 of <c>/readyz</c>.</summary>
    public TimeSpan Startup { get; }

    /// <param name="settings">The node's environment.</param>
    /// <param name="isMeasured">Its runtime's counters can be read; otherwise it is started as in production, or nearly.</param>
    public static async Task<Node> StartAsync(IReadOnlyList<(string Name, string Value)> settings, bool isMeasured = true)
    {
        var began = Stopwatch.GetTimestamp();
        var process = NodeProcess.Start([], [.. settings, ("SILO_PORT", "0"), ("DOTNET_EnableDiagnostics", isMeasured ? "1" : "0")]);
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue })
        {
            BaseAddress = await process.AddressAsync(),
            Timeout = TimeSpan.FromMinutes(3),
        };
        while (true)
        {
            using var answer = await http.GetAsync("/readyz");
            if (answer.StatusCode == HttpStatusCode.OK)
                return new Node(process, http, Stopwatch.GetElapsedTime(began));
            await Task.Delay(2);
        }
    }

    public NodeClient As(long user) => new(Http, user);

    /// <summary>So far. What a measurement compares: the difference is the node's idle work too, its heartbeats.</summary>
    public async Task<Spent> SpentAsync()
    {
        _allocations ??= new Allocations(Id);
        var bytes = await _allocations.TotalAsync();
        return new Spent(bytes, ProcessFigures.Cpu(Id));
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= Kill;
        _allocations?.Dispose();
        Http.Dispose();
        _process.Terminate();
        await _process.ExitCodeAsync();
        _process.Dispose();
    }

    /// <summary>However this process ends, short of being killed.</summary>
    private void Kill(object? sender, EventArgs e)
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended, and been disposed of, at this moment.
        }
    }
}
