using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Executor.Testing;

/// <summary>
/// A caller who tries again, at any node, what could not be delivered, and what was answered 503 with a <c>Retry-After</c>. What it is
/// told besides is its caller's business.
/// </summary>
/// <param name="inService">The nodes that a load balancer would know.</param>
internal sealed class PatientClient(Func<IReadOnlyList<ClusterNode>> inService, long user, int seed)
{
    /// <summary>A server that stops may close a connection while a request is on its way to it (RFC 9112 §9.5): callers have to expect that.</summary>
    public const string ConnectionClosed = "ConnectionClosed";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    private readonly Random _random = new(seed);

    public ConcurrentDictionary<string, int> TriedAgain { get; } = new(StringComparer.Ordinal);

    /// <exception cref="TimeoutException">No node would take it.</exception>
    public async Task<NodeClient.Answer> SendAsync(Func<NodeClient, Task<NodeClient.Answer>> send)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!deadline.IsCancellationRequested)
        {
            var nodes = inService();
            try
            {
                var answer = await send(nodes[Pick(nodes.Count)].As(user));
                if (answer is not { Status: HttpStatusCode.ServiceUnavailable, RetryAfter: not null })
                    return answer;
                Count(answer.Type);
            }
            catch (HttpRequestException undelivered)
            {
                Count(IsClosed(undelivered) ? ConnectionClosed : $"{undelivered.HttpRequestError}");
            }

            await Task.Delay(Breath, CancellationToken.None);
        }

        throw new TimeoutException("No node would take it.");
    }

    private static bool IsClosed(HttpRequestException undelivered) =>
        undelivered.HttpRequestError == HttpRequestError.ResponseEnded
        || undelivered.InnerException is IOException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown } };

    private int Pick(int count)
    {
        lock (_random)
            return _random.Next(count);
    }

    private void Count(string why) => TriedAgain.AddOrUpdate(why, 1, (_, count) => count + 1);
}
