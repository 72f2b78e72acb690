using System.Collections.Concurrent;
using Executor.Sandbox.Control;

namespace Executor.Sandbox.OAuth;

/// <summary>Control of the authorization server; the HTTP control endpoints call the same members.</summary>
public sealed class OAuthSandbox
{
    private readonly ProviderBehaviour _defaultBehaviour;
    private int _grantRequests;
    private int _issued;
    private int _replays;
    private int _revocations;
    private int _redirectsFollowed;

    internal OAuthSandbox(SandboxOptions options, CancellationToken stopping)
    {
        Time = options.TimeProvider;
        _defaultBehaviour = options.DefaultBehaviour;
        Book = new GrantBook(Time);
        Holds = new Holds(Time, stopping);
        Journal = new Journal<GrantRequest>(options.JournalCapacity);
    }

    public Journal<GrantRequest> Journal { get; }

    internal TimeProvider Time { get; }

    internal GrantBook Book { get; }

    internal Holds Holds { get; }

    internal OpenRequests Open { get; } = new();

    internal FaultList<OAuthFault> Faults { get; } = new();

    internal ConcurrentDictionary<string, RegisteredClient> Clients { get; } = new(StringComparer.Ordinal);

    public OAuthCounters Counters => new()
    {
        GrantRequests = Volatile.Read(ref _grantRequests),
        Issued = Volatile.Read(ref _issued),
        ReplaysOfSpentTokens = Volatile.Read(ref _replays),
        RevokedFamilies = Book.RevokedFamilies,
        RevocationRequests = Volatile.Read(ref _revocations),
        RedirectsFollowed = Volatile.Read(ref _redirectsFollowed),
        Held = Holds.Count,
        Concurrency = Open.Count,
        MaxConcurrency = Open.Max,
    };

    /// <summary>Gives a user's consent; the behaviour is the sandbox's default unless the request names one.</summary>
    /// <exception cref="InvalidOperationException">The grant id is taken.</exception>
    public MintedGrant Mint(MintGrant? mint = null)
    {
        mint ??= new MintGrant();
        var (grant, tokens) = Book.Mint(mint, mint.Behaviour ?? _defaultBehaviour);
        if (mint.ClientId is { } clientId)
            Clients[clientId] = new RegisteredClient(mint.ClientSecret, mint.AuthMethod);
        return new MintedGrant(grant.Id, tokens.RefreshToken!.Value, tokens.AccessToken.Value);
    }

    public MintedGrant Mint(ProviderBehaviour behaviour, string user = "user") => Mint(new MintGrant { Behaviour = behaviour, User = user });

    public GrantStatus? Status(string grantId) =>
        Book.FindGrant(grantId) is { } grant
            ? Book.Read(() => new GrantStatus(
                grant.Id, grant.User, grant.Revoked, grant.NewestGeneration, grant.Tally.Requests, grant.Tally.Issued, grant.Tally.Replays, grant.Behaviour))
            : null;

    /// <summary>The user withdraws consent: every token of the grant is dead at once.</summary>
    public bool Revoke(string grantId) => Book.RevokeGrant(grantId);

    /// <summary>Access tokens end early; the refresh token stays good.</summary>
    public bool RevokeAccessTokens(string grantId) => Book.KillAccessTokens(grantId);

    /// <summary>What a resource server does: the grant of a good access token, else null. Counts as its use for acknowledgement.</summary>
    public string? UseAccessToken(string accessToken) => Book.UseAccessToken(accessToken)?.Grant.Id;

    public bool SetBehaviour(string grantId, ProviderBehaviour behaviour) => Book.SetBehaviour(grantId, behaviour);

    public void SetFault(OAuthFault fault) => Faults.Set(fault, fault.Times);

    /// <summary>Ends the faults of one grant, or all.</summary>
    public void ClearFaults(string? grantId = null) => Faults.Clear(f => grantId is null || f.GrantId == grantId);

    /// <summary>Lets held requests go on: one, those of a grant, or all. Returns how many.</summary>
    public int Release(long? sequence = null, string? grantId = null) => Holds.Release(sequence, grantId);

    /// <inheritdoc cref="Journal{T}.WaitAsync"/>
    public Task<IReadOnlyList<GrantRequest>> WaitForRequestsAsync(
        Func<GrantRequest, bool> where, int count = 1, TimeSpan? timeout = null, long after = 0, CancellationToken cancellationToken = default) =>
        Journal.WaitAsync(where, count, timeout ?? SandboxOptions.DefaultWait, after, cancellationToken);

    public Task<IReadOnlyList<GrantRequest>> WaitForHeldAsync(int count = 1, TimeSpan? timeout = null) =>
        WaitForRequestsAsync(r => r.Stage == RequestStage.Held, count, timeout);

    /// <summary>Forgets grants, clients, faults, counters and journal, and lets everything that is held go on.</summary>
    public void Reset()
    {
        Faults.Clear();
        Holds.Release(sequence: null, grantId: null);
        Book.Clear();
        Clients.Clear();
        Journal.Clear();
        Open.Reset();
        _grantRequests = _issued = _replays = _revocations = _redirectsFollowed = 0;
    }

    internal void CountRequest(Grant? grant)
    {
        Interlocked.Increment(ref _grantRequests);
        if (grant is not null)
            Book.Read(() => grant.Tally.Requests++);
    }

    internal void CountRedemption(Redemption redemption)
    {
        if (redemption.Issued is not null)
            Interlocked.Increment(ref _issued);
        if (redemption.Replay)
            Interlocked.Increment(ref _replays);
    }

    internal void CountRevocation() => Interlocked.Increment(ref _revocations);

    internal void CountFollowedRedirect() => Interlocked.Increment(ref _redirectsFollowed);
}

internal sealed record RegisteredClient(string? Secret, ClientAuthMethod? Method);
