using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Faults;

/// <summary>One user's credential at one provider, met by one fault, and the user's callers on another node meanwhile.</summary>
internal sealed class Scenario(Cluster cluster, Fault fault, Provider provider, long user)
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120);

    private readonly TaskCompletionSource<HttpStatusCode> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _oddities = [];
    private MintedGrant _grant = null!;
    private int _turnedAway;
    private DateTimeOffset? _begun;

    public Fault Fault => fault;

    public Provider Provider => provider;

    public long User => user;

    /// <summary>Calls begun and answered 503 so far.</summary>
    public int TurnedAway => Volatile.Read(ref _turnedAway);

    /// <summary>Completes when another node has served the user, or sent the user to reconnect.</summary>
    public Task Answered => _answered.Task;

    private OAuthSandbox OAuth => cluster.Sandbox.OAuth;

    public async Task DepositAsync(ClusterNode node)
    {
        _grant = OAuth.Mint(provider.Behaviour, $"{user}");
        Assert.Equal(HttpStatusCode.OK, (await node.As(user).DepositAsync(provider.Server, _grant, cluster.Sandbox)).Status);
        OAuth.SetFault(fault.At(_grant.GrantId));
    }

    /// <summary>Sets the victim on its refresh. Its answer to this caller may never come.</summary>
    public void Ask(ClusterNode victim) => _ = Task.Run(async () =>
    {
        try
        {
            while ((await victim.As(user).ListToolsAsync(provider.Server)).Status == HttpStatusCode.ServiceUnavailable)
                await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            // The victim died under it.
        }
    });

    public async Task HeldAsync()
    {
        await OAuth.WaitForRequestsAsync(
            request => request.GrantId == _grant.GrantId && request.Stage == RequestStage.Held, timeout: TimeSpan.FromSeconds(60));
        _begun = DateTimeOffset.FromUnixTimeMilliseconds(
            await cluster.ScalarAsync<long>($"SELECT min(started_at) FROM refresh_intents WHERE user_id = {user}"));
    }

    /// <summary>What the provider has answered lies in the socket's buffer of whoever asked.</summary>
    public async Task ArrivedAsync()
    {
        await OAuth.WaitForRequestsAsync(
            request => request.GrantId == _grant.GrantId && request.Stage == RequestStage.Answered, timeout: TimeSpan.FromSeconds(60));
        await Task.Delay(TimeSpan.FromSeconds(1)); // written by now, or during the last look
    }

    /// <summary>The provider goes on with what it holds.</summary>
    public void Release() => OAuth.Release(grantId: _grant.GrantId);

    /// <summary>From now on the provider behaves.</summary>
    public void EndFault() => OAuth.ClearFaults(_grant.GrantId);

    /// <summary>Calls another node until the user is served, or sent to reconnect.</summary>
    public async Task CallAsync(ClusterNode node)
    {
        while (true)
        {
            var status = (await node.As(user).ListToolsAsync(provider.Server)).Status;
            if (status is HttpStatusCode.OK or HttpStatusCode.Conflict)
            {
                _answered.SetResult(status);
                return;
            }

            if (status != HttpStatusCode.ServiceUnavailable)
                Note($"answered {(int)status}");
            Interlocked.Increment(ref _turnedAway);
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }

    /// <summary>A frozen node holds its lock: at a strict provider nobody may have redeemed beside it, however long.</summary>
    public void CheckBeforeThaw()
    {
        if (provider.IsStrict && fault.Point != Point.Connection && Requests().Count > 1)
            Note("redeemed beside a frozen owner");
    }

    /// <summary>Whether the refresh token is good as well, at the end of all.</summary>
    public async Task<string> SeeAsync(ClusterNode node)
    {
        var first = await _answered.Task;
        CheckSpacing();
        OAuth.RevokeAccessTokens(_grant.GrantId);
        var last = await SettledAsync(node);
        var reason = await cluster.ScalarAsync<string>($"SELECT reason FROM credentials WHERE user_id = {user}");
        var seen = (first, last) switch
        {
            (HttpStatusCode.OK, HttpStatusCode.OK) => Outcomes.Saved,
            (HttpStatusCode.OK, HttpStatusCode.Conflict) => $"saved, then reconnect ({reason})",
            (HttpStatusCode.Conflict, HttpStatusCode.Conflict) => $"reconnect ({reason})",
            _ => "sent to reconnect without need",
        };
        var replays = OAuth.Status(_grant.GrantId)!.ReplaysOfSpentTokens;
        var told = provider.IsStrict && replays > 0 ? $"{seen}, {replays} {(replays == 1 ? "replay" : "replays")}" : seen;
        return string.Join(", ", [told, .. _oddities]);
    }

    private async Task<HttpStatusCode> SettledAsync(ClusterNode node)
    {
        var status = HttpStatusCode.ServiceUnavailable;
        await Eventually.TrueAsync(
            async () =>
            {
                status = (await node.As(user).ListToolsAsync(provider.Server)).Status;
                return status is HttpStatusCode.OK or HttpStatusCode.Conflict;
            },
            TimeSpan.FromSeconds(60));
        return status;
    }

    /// <summary>A strict provider is asked again only when the first request can no longer be under way.</summary>
    private void CheckSpacing()
    {
        if (provider.IsStrict && Requests().Skip(1).Any(request => request.ReceivedAt < _begun + _deadline))
            Note("asked again too early");
    }

    private IReadOnlyList<GrantRequest> Requests() => OAuth.Journal.Read(where: request => request.GrantId == _grant.GrantId);

    private void Note(string oddity)
    {
        lock (_oddities)
        {
            if (!_oddities.Contains(oddity))
                _oddities.Add(oddity);
        }
    }
}
