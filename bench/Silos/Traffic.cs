using System.Collections.Concurrent;

namespace Executor.Silos;

/// <summary>Callers who list tools and start runs without a pause, at all the silos in service in turns.</summary>
internal sealed class Traffic
{
    private const int Users = 50;
    private const int Callers = 16;

    private readonly ConcurrentQueue<string> _errors = [];
    private readonly Task _all;
    private IReadOnlyList<ClusterNode> _inService;
    private int _made;
    private volatile bool _isOver;

    private Traffic(IReadOnlyList<ClusterNode> nodes)
    {
        _inService = nodes;
        _all = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(CallAsync)));
    }

    public IReadOnlyList<ClusterNode> InService
    {
        get => Volatile.Read(ref _inService);
        set => Volatile.Write(ref _inService, value);
    }

    public int Calls => 2 * Volatile.Read(ref _made);

    public IReadOnlyCollection<string> Errors => _errors;

    public static async Task<Traffic> StartAsync(Cluster cluster)
    {
        IReadOnlyList<ClusterNode> nodes = [.. cluster.Nodes];
        for (var user = 1; user <= Users; user++)
            await Silos.Calls.DepositAsync(cluster, nodes[user % nodes.Count], user);
        return new Traffic(nodes);
    }

    public Task StopAsync()
    {
        _isOver = true;
        return _all;
    }

    private async Task CallAsync()
    {
        while (!_isOver)
        {
            var call = Interlocked.Increment(ref _made);
            var nodes = InService;
            var user = nodes[call % nodes.Count].As(1 + (call % Users));
            try
            {
                await Silos.Calls.EnsureAsync(user.ListToolsAsync("strict"));
                await Silos.Calls.EnsureAsync(user.StartRunAsync(Silos.Calls.RunOf("echo")));
            }
            catch (Exception error) when (error is InvalidOperationException or HttpRequestException)
            {
                _errors.Enqueue(error.Message);
            }
        }
    }
}
