using Executor.Credentials;
using Executor.Simulation.Providers;

namespace Executor.Simulation.Algorithms.Bench;

/// <summary>The provider's token endpoint and the network before it; the same for every algorithm.</summary>
internal sealed class TokenEndpoint(BenchWorld world, OAuthServer server)
{
    private static readonly TimeSpan Connecting = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(20);

    /// <summary>A refresh begins; what is to befall it is decided here.</summary>
    public async Task<Connection> ConnectAsync(BenchNode node, CredentialKey key)
    {
        var connection = new Connection(this, node, world.Begin(node, key));
        await node.Arrive(Connecting);
        return connection;
    }

    private void Process(BenchNode node, RefreshMinted token, Misfortune misfortune, TaskCompletionSource<EndpointAnswer> answer)
    {
        var isError = misfortune.Kind == FaultKind.ServerError;
        if (isError && misfortune.Variant)
        {
            Deliver(new EndpointAnswer(misfortune.Status, null));
            return;
        }

        var isReplay = token.SpentAt is not null;
        var pair = server.Redeem(token, by: null);
        var success = pair is null ? null : world.Granted(token.Grant, node, isReplay);
        if (isError)
            Deliver(new EndpointAnswer(misfortune.Status, null));
        else if (misfortune.Kind != FaultKind.LostAnswer)
            Deliver(pair is null ? new EndpointAnswer(400, null) : new EndpointAnswer(200, pair), success);
        else if (misfortune.Variant)
            node.Receive(Way, () => answer.TrySetException(new HttpRequestException("The connection broke.")));

        void Deliver(EndpointAnswer whole, Success? heard = null) => node.Receive(Way, () =>
        {
            if (heard is not null)
                heard.ArrivedAt = world.Timeline.Now; // whether or not anybody has the patience to hear it
            answer.TrySetResult(whole);
        });
    }

    /// <summary>One request. Its answer may be an exception, or never come.</summary>
    internal sealed class Connection(TokenEndpoint endpoint, BenchNode node, Misfortune misfortune)
    {
        public TaskCompletionSource<EndpointAnswer> Answer { get; } = new();

        /// <summary>The request has left the process.</summary>
        public void Write(string refreshToken)
        {
            var token = endpoint.Find(refreshToken);
            var way = misfortune.Kind == FaultKind.LateArrival ? misfortune.For : Way;
            endpoint.After(way, () => endpoint.Process(node, token, misfortune, Answer));
        }
    }

    private void After(TimeSpan time, Action happen) => world.Timeline.After(time, static happen => ((Action)happen!)(), happen);

    private RefreshMinted Find(string refreshToken) =>
        server.Find(refreshToken) ?? throw new InvalidOperationException("A refresh token was sent that nobody issued.");
}

/// <param name="Status">200, an error of the server, or 400 for <c>invalid_grant</c>.</param>
internal sealed record EndpointAnswer(int Status, TokenPair? Pair);
