using System.Net;
using Executor.Testing.Secrets;

namespace Executor.Testing;

/// <summary>One node of a <see cref="Cluster"/>, seen as its callers and its operator see it.</summary>
internal sealed class ClusterNode(string name, NodeProcess process, DatabaseLink? link = null) : IAsyncDisposable
{
    private HttpClient? _http;

    public string Name { get; } = name;

    public NodeProcess Process { get; } = process;

    /// <summary>Its way to the database.</summary>
    public DatabaseLink Link => link ?? throw new InvalidOperationException("The node shares everybody's database.");

    public HttpClient Http => _http ?? throw new InvalidOperationException("The node is not ready.");

    public async Task ReadyAsync()
    {
        _http ??= new HttpClient(new WatchedAnswers(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue }))
        {
            BaseAddress = await Process.AddressAsync(),
            Timeout = TimeSpan.FromMinutes(3),
        };
        await Eventually.TrueAsync(async () => await ReadinessAsync() == HttpStatusCode.OK, TimeSpan.FromSeconds(60));
    }

    /// <summary>What <c>/readyz</c> answers.</summary>
    public async Task<HttpStatusCode> ReadinessAsync()
    {
        using var answer = await Http.GetAsync("/readyz");
        return answer.StatusCode;
    }

    /// <summary>This node as the given user meets it.</summary>
    public NodeClient As(long user) => new(Http, user);

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        Process.Dispose();
        if (link is not null)
            await link.DisposeAsync();
    }
}
