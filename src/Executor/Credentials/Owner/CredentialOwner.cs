using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;
using Executor.Nodes;
using Executor.Security.Endpoints;
using Microsoft.Extensions.Options;

namespace Executor.Credentials.Owner;

/// <summary>The owner of one credential, wherever an engine activates it.</summary>
internal sealed class CredentialOwner(
    CredentialKey key,
    ICredentialStore store,
    CredentialVault vault,
    EndpointGuard guard,
    CredentialReader reader,
    SharedFlight flight,
    RefreshTargets targets,
    CredentialAlarms alarms,
    IOptions<CredentialOptions> options,
    TimeProvider time,
    Random random) : ICredentialOwner
{
    /// <summary>The database tells whole milliseconds: a token that was waited for must not be too young once more.</summary>
    private static readonly TimeSpan _rounding = TimeSpan.FromMilliseconds(2);

    private readonly Lock _gate = new();
    private RejectedToken _rejected = new(Generation.None, 0);
    private long _usedAt = time.GetTimestamp();

    /// <summary>The newest token that an MCP server has turned down.</summary>
    private RejectedToken Rejected
    {
        get
        {
            lock (_gate)
                return _rejected;
        }
    }

    public async Task<DepositOutcome> DepositAsync(Deposit deposit, CancellationToken cancellationToken)
    {
        Touch();
        var verdict = guard.CheckUrl(deposit.TokenEndpoint, targets.For(key.Server).Allowlist);
        if (!verdict.IsAllowed)
            return new DepositOutcome.EndpointRefused(verdict.Text);
        if (!vault.HasKey)
            return new DepositOutcome.EncryptionKeyMissing();
        var change = new DepositCredential(key, deposit, options.Value.MaxPerUser);
        var generation = await ChangeAsync(
            new CredentialChangeOptions(CreatesRow: true, DrawsGeneration: true, CountsLive: true),
            ledger => change.Decide(ledger, vault),
            cancellationToken);
        return generation is { } stored ? new DepositOutcome.Stored(stored) : new DepositOutcome.TooMany(options.Value.MaxPerUser);
    }

    public Task DeleteAsync(CancellationToken cancellationToken)
    {
        Touch();
        return ChangeAsync(new CredentialChangeOptions(DrawsGeneration: true), new DeleteCredential(key).Decide, cancellationToken);
    }

    public ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken) => TokenAtHand() is { } token
        ? ValueTask.FromResult<TokenOutcome>(token)
        : new ValueTask<TokenOutcome>(AcquireAsync(cancellationToken));

    /// <summary>The token that is in memory and needs no waiting.</summary>
    public TokenOutcome.Issued? TokenAtHand()
    {
        Touch();
        return InMemory() is { } view ? AtHand(view) : null;
    }

    public async ValueTask<TokenOutcome> TokenRejectedAsync(Rejection rejection, CancellationToken cancellationToken)
    {
        Touch();
        var view = await LookAsync(rejection.Generation, cancellationToken);
        if (view.Row.Generation == rejection.Generation
            && view.IsUsable(time, Rejected)
            && view.YoungFor(time, options.Value.YoungToken) is var young
            && young > TimeSpan.Zero)
        {
            await Task.Delay(young + _rounding, time, cancellationToken);
            view = await LookAsync(cancellationToken);
            if (view.Row.Generation == rejection.Generation && view.IsUsable(time, Rejected) && !view.IsRefusedTo(rejection.Probe))
                return Issued(view, rejection.Probe);
        }

        // Only a pause allows a probe its redemption: where it has had that, this token is as good as it gets.
        var refusal = view.Row.Refusal;
        var hasRedeemed = rejection.Probe is not null && refusal.ProbeHasRedeemed && refusal.Prober == rejection.Probe;
        if (rejection.IsRenewed || hasRedeemed)
            await RefuseAsync(rejection, cancellationToken);
        return await AcquireAsync(cancellationToken, new RejectedToken(rejection.Generation, rejection.Episode), rejection.Probe);
    }

    public async ValueTask<TokenOutcome> ProbeAsync(ProbeId probe, CancellationToken cancellationToken)
    {
        Touch();
        var take = new TakeProbe(probe, new RefusalRules(random.NextDouble()));
        if (!await ChangeAsync(new CredentialChangeOptions(), take.Decide, cancellationToken))
            return await GetTokenAsync(cancellationToken);
        var view = await LookAsync(cancellationToken);

        // The token was refused before. Whether it still is, is the question, and asking costs no redemption.
        return view.HasUnexpired(time) && !view.IsRefusedTo(probe)
            ? Issued(view, probe)
            : await AcquireAsync(cancellationToken, probe: probe);
    }

    public async ValueTask TokenAcceptedAsync(Generation accepted, CancellationToken cancellationToken)
    {
        Touch();
        if (await ChangeAsync(new CredentialChangeOptions(), new AcceptToken(accepted).Decide, cancellationToken))
            alarms.TokensAccepted(key);
    }

    /// <summary>Brings an open or doubtful intent nearer to its end, on nobody's behalf.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        if (flight.IsUp)
            return; // perhaps for minutes, or in a queue: waiting for it again would only keep those behind it from being recovered
        var view = await reader.ReadAsync(cancellationToken);
        if (view.Row.State is CredentialState.Absent or CredentialState.Ready or CredentialState.NeedsReauth)
            return;
        var attempt = flight.Join(view.Row, () => view.IsRejected(Rejected));
        await attempt.Ended().WaitAsync(cancellationToken);
        await attempt;
    }

    public void Invalidate() => reader.Invalidate();

    public bool IsIdle(TimeSpan after) => !flight.IsUp && time.GetElapsedTime(Volatile.Read(ref _usedAt)) > after;

    private void Touch() => Volatile.Write(ref _usedAt, time.GetTimestamp());

    private async Task<T> ChangeAsync<T>(
        CredentialChangeOptions change, Func<CredentialLedger, CredentialDecision<T>> decide, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ChangeAsync(key, change, decide, cancellationToken);
        }
        finally
        {
            reader.Invalidate();
        }
    }

    private async Task RefuseAsync(Rejection rejection, CancellationToken cancellationToken)
    {
        var refuse = new RefuseToken(rejection.Generation, rejection.Episode, rejection.Probe, new RefusalRules(random.NextDouble()));
        if (await ChangeAsync(new CredentialChangeOptions(), refuse.Decide, cancellationToken))
            alarms.TokensRefused(key);
    }

    private async Task<TokenOutcome> AcquireAsync(CancellationToken cancellationToken, RejectedToken? rejected = null, ProbeId? probe = null)
    {
        // Only a good token is answered from memory. A run that parks on what was so a moment ago would ask in circles.
        var begun = time.GetTimestamp();
        if (rejected is { } token)
            Reject(token);
        var view = await ReadAsync(rejected?.Generation, cancellationToken);
        while (true)
        {
            if (Answer(view, probe) is { } known)
                return known;

            var usable = view.IsUsable(time, Rejected);
            var patience = (usable ? options.Value.CallerWaitWithToken : options.Value.CallerWait) - time.GetElapsedTime(begun);
            var end = await WaitAsync(view, patience, probe, cancellationToken);
            switch (end)
            {
                case null:
                    view = await LookAsync(cancellationToken); // a deposit or a disconnect may have come meanwhile
                    return Usable(view, probe) ?? Answer(view, probe) ?? Unavailable(view, TimeSpan.Zero);
                case FlightEnd.KeyMissing:
                    return new TokenOutcome.EncryptionKeyMissing();
                case FlightEnd.Undecryptable:
                    return view.NeedsReauth(time);
                case FlightEnd.RetryLater { Elsewhere: true } when !usable && patience > TimeSpan.Zero:
                    view = await reader.ReadNextAsync(cancellationToken); // another node may be faster than this one's recovery
                    continue;
            }

            view = await LookAsync(cancellationToken);
            if (end is FlightEnd.RetryLater later && Answer(view, probe) is null)
                return Usable(view, probe) ?? (TokenOutcome)Unavailable(view, later.After); // a passing fault takes no good token away
        }
    }

    // An older generation's rejection says nothing about the current one, and must not make a rejected one usable again. The newest is
    // enough to remember, because generations only rise. It may be one that this owner has not read yet.
    private void Reject(RejectedToken rejected)
    {
        lock (_gate)
        {
            if (rejected.IsNewerThan(_rejected))
                _rejected = rejected;
        }
    }

    /// <summary>Null when patience ran out first. Ends early when the generation is no longer current: a deposit need not wait for it.</summary>
    private async Task<FlightEnd?> WaitAsync(CredentialView view, TimeSpan patience, ProbeId? probe, CancellationToken cancellationToken)
    {
        var attempt = flight.Join(view.Row, () => view.IsRejected(Rejected), probe);
        var ended = attempt.Ended();
        var begun = time.GetTimestamp();
        while (true)
        {
            var changed = reader.Changed;
            if ((await LookAsync(cancellationToken)).Row.Generation != view.Row.Generation)
                return new FlightEnd.Moved();
            var left = patience - time.GetElapsedTime(begun);

            // Another node may get there first, and the notice of it be lost.
            var look = Spans.Min(left, options.Value.Revalidation);
            try
            {
                await Task.WhenAny(ended, changed.Ended()).WaitAsync(Spans.Max(look, TimeSpan.Zero), time, cancellationToken);
            }
            catch (TimeoutException)
            {
                if (look == left)
                    return null;
            }

            if (attempt.IsCompleted)
                return await attempt;
        }
    }

    private async Task<CredentialView> LookAsync(CancellationToken cancellationToken) =>
        InMemory() ?? await reader.ReadAsync(cancellationToken);

    private async Task<CredentialView> LookAsync(Generation atLeast, CancellationToken cancellationToken) =>
        InMemory() is { } view && view.Row.Generation.Value >= atLeast.Value ? view : await ReadAsync(atLeast, cancellationToken);

    private async Task<CredentialView> ReadAsync(Generation? atLeast, CancellationToken cancellationToken)
    {
        var view = await reader.ReadAsync(cancellationToken);
        if (!(view.Row.Generation.Value < atLeast?.Value))
            return view;
        reader.Invalidate(); // the caller has seen a newer one than this read, which began before
        return await reader.ReadAsync(cancellationToken);
    }

    private CredentialView? InMemory() =>
        reader.Current is { } view && view.IsFresh(time, options.Value.Revalidation) ? view : null;

    /// <summary>What the view alone answers; null when it takes a refresh.</summary>
    private TokenOutcome? Answer(CredentialView view, ProbeId? probe)
    {
        if (!vault.HasKey)
            return new TokenOutcome.EncryptionKeyMissing(); // first: no deposit could help
        if (view.Row.State == CredentialState.OperatorError)
            alarms.OperatorError(view.Row); // the recovery tries again when the back-off has passed
        else if (view.Undecryptable)
            alarms.Undecryptable(key);
        else if (view.UnknownKey is { } unknown)
            alarms.UnknownKey(key, unknown);
        if (view.Undecryptable || view.Row.State is CredentialState.Absent or CredentialState.NeedsReauth)
            return view.NeedsReauth(time);
        if (AtHand(view, probe) is { } token)
            return token;
        if (view.Row.State == CredentialState.OperatorError || view.IsRefusedTo(probe) || IsOver(view))
            return view.NeedsReauth(time);
        if (view.UnknownKey is not null)
        {
            return Usable(view, probe) ?? (TokenOutcome)new TokenOutcome.Unavailable(RefreshFlight.KeyUnknownPause)
            {
                Reason = BlockedReason.EncryptionKeyUnknown,
            };
        }

        return !view.IsUsable(time, Rejected) && view.BackOff(time) is var wait && wait > TimeSpan.Zero ? Unavailable(view, wait) : null;
    }

    /// <summary>A probe that has had its redemption gets no other.</summary>
    private bool IsOver(CredentialView view) =>
        view.Row is { State: CredentialState.Ready, Refusal: { IsActive: true, ProbeHasRedeemed: true } } && !view.IsUsable(time, Rejected);

    private TokenOutcome.Issued? Usable(CredentialView view, ProbeId? probe) =>
        view.IsUsable(time, Rejected) && !view.IsRefusedTo(probe) ? Issued(view, probe) : null;

    /// <summary>The token that needs no waiting. One that is to be refreshed soon is served while that goes on.</summary>
    private TokenOutcome.Issued? AtHand(CredentialView view, ProbeId? probe = null)
    {
        if (Usable(view, probe) is not { } token)
            return null;
        if (probe is not null)
            return token; // good enough to try
        if (view.Row.State != CredentialState.OperatorError && view.WantsRefresh(time) && view.BackOff(time) == TimeSpan.Zero)
        {
            if (view.IsAboutToExpire(time, options.Value.ExpirySkew))
                return null;
            flight.Begin(view.Row, () => view.IsRejected(Rejected));
        }

        return token;
    }

    private static TokenOutcome.Issued Issued(CredentialView view, ProbeId? probe = null) => new(
        view.Token!.Value,
        view.Row.Generation,
        view.Row.Refusal.IsActive && view.Row.Refusal.Prober == probe ? probe : null,
        view.Row.Refusal.Episode);

    private static TokenOutcome.Unavailable Unavailable(CredentialView view, TimeSpan after) =>
        new(Spans.Max(after, TimeSpan.FromSeconds(1))) { Reason = view.WaitsFor };
}
