using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using Executor.Simulation.Cluster;
using Executor.Simulation.Engine;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Providers;

/// <summary>A node's way to the token endpoints, beneath the real client: connection, write, the wait for an answer.</summary>
internal sealed class TokenNetwork(World world, SimulatedNode node) : HttpMessageHandler
{
    // HttpContent's own copying would leave the node's scheduler.
    public static readonly Func<HttpContent, Stream, TransportContext?, CancellationToken, Task> Serialize =
        typeof(HttpContent)
            .GetMethod(
                "SerializeToStreamAsync",
                BindingFlags.Instance | BindingFlags.NonPublic,
                [typeof(Stream), typeof(TransportContext), typeof(CancellationToken)])!
            .CreateDelegate<Func<HttpContent, Stream, TransportContext?, CancellationToken, Task>>();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var dice = world.NetworkDice;
        var fault = world.IsCalm || !world.Plan.HasFaults ? RequestFault.None : RequestFaults.Draw(dice);
        if (fault != RequestFault.None)
            world.Tally.Add("token endpoint", fault);
        var isSlow = world.Plan.HasFaults && !world.IsCalm && dice.OneIn(25);
        await node.Arrive(isSlow ? dice.Seconds(1, 3, 5, 9) : world.Latency(), cancellationToken);
        if (fault == RequestFault.NoConnection)
        {
            if (dice.OneIn(2))
                await node.Arrive(TimeSpan.FromSeconds(10), cancellationToken);
            throw new HttpRequestException("No connection.");
        }

        var exchange = new Exchange(world, node, fault, cancellationToken);
        await Serialize(request.Content!, new Socket(world, node, exchange), null, cancellationToken);
        return await exchange.Answer.Task;
    }

    /// <summary>What is written here has left the process.</summary>
    private sealed class Socket(World world, SimulatedNode node, Exchange exchange) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // The process may stand still between its last look at the clock and the system call.
            if (world.Plan.HasFaults && !world.IsCalm && world.NetworkDice.OneIn(60))
                await node.Arrive(TimeSpan.FromTicks(1), cancellationToken);
            exchange.Begin(TokenIn(buffer.Span));
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        private static string TokenIn(ReadOnlySpan<byte> body)
        {
            var from = body[(body.IndexOf("&refresh_token="u8) + "&refresh_token="u8.Length)..];
            var end = from.IndexOf((byte)'&');
            return Encoding.ASCII.GetString(end < 0 ? from : from[..end]);
        }
    }

    /// <summary>One request after it was written.</summary>
    private sealed class Exchange
    {
        private readonly World _world;
        private readonly SimulatedNode _node;
        private RequestFault _fault;
        private readonly CancellationTokenRegistration _givingUp;
        private Redemption? _redemption;

        public Exchange(World world, SimulatedNode node, RequestFault fault, CancellationToken listening)
        {
            (_world, _node, _fault) = (world, node, fault);
            _givingUp = listening.Register(() =>
            {
                if (Answer.TrySetCanceled(listening) && _redemption is not null)
                    _redemption.IsLost = true;
            });
        }

        public TaskCompletionSource<HttpResponseMessage> Answer { get; } = new();

        public void Begin(string token)
        {
            var redemption = _redemption = _world.CredentialRules.Sent(_node, token);
            if (redemption is null)
                return; // a rule was broken: the world ends
            var dice = _world.NetworkDice;
            if (_fault == RequestFault.RefusedInError && redemption.Token.RefusedInErrorAt is not null)
                _fault = RequestFault.None;
            if (_fault is RequestFault.RequestLost or RequestFault.BreaksBeforeProcessing && dice.OneIn(2))
                Deliver(null, dice.Between(0, 1));
            if (_fault == RequestFault.RequestLost)
            {
                redemption.IsLost = true;
                return;
            }

            var way = _fault is RequestFault.ArrivesLate or RequestFault.BreaksBeforeProcessing
                ? dice.Seconds(0.5, 3, 8, 20, 60, 100)
                : _world.Latency();
            _world.Timeline.After(way, _ => Process(redemption));
        }

        private void Process(Redemption redemption)
        {
            var dice = _world.NetworkDice;
            var server = redemption.Token.Grant.Server;
            if (server.IsRefusing && !_world.IsCalm)
            {
                redemption.IsTurnedAway = true;
                _world.Tally.Add("redemptions", "turned away");
                _world.Trace.Note("provider", "turns away", redemption.Token.Value, server.Refusal!.Status);
                Deliver((server.Refusal.Status, """{"error":"of_their_own"}""", null), _world.Latency());
                return;
            }

            var instead = RequestFaults.Instead(_fault, dice);
            if (RequestFaults.LeavesTokenAlone(_fault))
            {
                if (_fault == RequestFault.RefusedInError)
                    redemption.Token.RefusedInErrorAt ??= _world.Timeline.Now;
                _world.Trace.Note("provider", "turns away", redemption.Token.Value, instead!.Value.Status);
                Deliver(instead, _world.Latency());
                return;
            }

            redemption.IsProcessed = true;
            var pair = redemption.Token.Grant.Server.Redeem(redemption.Token, redemption);
            _world.Tally.Add("redemptions", pair is null ? "refused" : "granted");
            _world.Trace.Note("provider", pair is null ? "refuses" : "grants", redemption.Token.Value);
            if (pair is not null && (instead is not null || _fault == RequestFault.AnswerLost))
                redemption.IsLost = true;
            if (_fault == RequestFault.AnswerLost)
            {
                if (dice.OneIn(2))
                    Deliver(null, dice.Between(0, 2));
                return;
            }

            Deliver(
                instead ?? Usual(redemption, pair, dice),
                _fault == RequestFault.AnswersLate ? dice.Seconds(0.5, 3, 8, 20, 60, 130) : _world.Latency());
        }

        private static (int Status, string Body, int? RetryAfter) Usual(Redemption redemption, TokenPair? pair, Dice dice)
        {
            if (pair is null)
                return (dice.OneIn(4) ? 200 : 400, dice.OneIn(4) ? """{"error":"bad_refresh_token"}""" : """{"error":"invalid_grant"}""", null);
            var profile = redemption.Token.Grant.Server.Profile;
            var lifetime = profile.OmitsLifetime ? "" : $",\"expires_in\":{(long)profile.Lifetime.TotalSeconds}";
            var successor = pair.RefreshToken is null ? "" : $",\"refresh_token\":\"{pair.RefreshToken}\"";
            return (200, $"{{\"access_token\":\"{pair.AccessToken}\",\"token_type\":\"Bearer\"{lifetime}{successor}}}", null);
        }

        /// <summary>Into the socket's buffer, where a process that stands still finds it later. Null breaks the connection.</summary>
        private void Deliver((int Status, string Body, int? RetryAfter)? answer, TimeSpan after) => _node.Receive(after, _ =>
        {
            if (answer is not { } whole)
            {
                if (Answer.TrySetException(new HttpRequestException("The connection broke.")) && _redemption is not null)
                    _redemption.IsLost = true;
                return;
            }

            _givingUp.Unregister();
            var response = new HttpResponseMessage((HttpStatusCode)whole.Status) { Content = new ByteArrayContent(Encoding.ASCII.GetBytes(whole.Body)) };
            if (whole.RetryAfter is { } seconds)
                response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds));
            Answer.TrySetResult(response);
        });
    }
}
