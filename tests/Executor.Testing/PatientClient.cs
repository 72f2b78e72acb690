using System.Collections.Concurrent;
using System.Net;

namespace Executor.Testing;

/// <summary>
/// A caller who tries again, at any node, what could not be delivered, and what was answered 503 with a <c>Retry-After</c>. What it is
/// told besides is its caller's business.
/// </summary>
/// <param name="inService">The nodes that a load balancer would know.</param>
internal sealed class PatientClient(Func<IReadOnlyList<ClusterNode>> inService, long user, int seed)
{
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
                Count($"{undelivered.HttpRequestError}");
            }

            await Task.Delay(Breath, CancellationToken.None);
        }

        throw new TimeoutException("No node would take it.");
    }

    private int Pick(int count)
    {
        lock (_random)
            return _random.Next(count);
    }

    private void Count(string why) => TriedAgain.AddOrUpdate(why, 1, (_, count) => count + 1);
}
