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
    TimeProvider time) : ICredentialOwner
{
    private long _rejected = Generation.None.Value;
    private long _usedAt = time.GetTimestamp();

    /// <summary>The newest generation whose access token an MCP server has turned down.</summary>
    private Generation Rejected => new(Volatile.Read(ref _rejected));

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

    public ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken)
    {
        Touch();
        return InMemory() is { } view && AtHand(view) is { } token
            ? ValueTask.FromResult<TokenOutcome>(token)
            : new ValueTask<TokenOutcome>(AcquireAsync(cancellationToken));
    }

    public ValueTask<TokenOutcome> TokenRejectedAsync(Generation rejected, CancellationToken cancellationToken)
    {
        Touch();
        return new ValueTask<TokenOutcome>(AcquireAsync(cancellationToken, rejected));
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

    private async Task<TokenOutcome> AcquireAsync(CancellationToken cancellationToken, Generation? rejected = null)
    {
        // Only a good token is answered from memory: a run that is told to park on what was so a moment ago would ask in circles.
        var begun = time.GetTimestamp();
        Reject(rejected);
        var view = await reader.ReadAsync(cancellationToken);
        if (view.Row.Generation.Value < rejected?.Value)
        {
            reader.Invalidate(); // the caller has seen a newer one than this read, which began before
            view = await reader.ReadAsync(cancellationToken);
        }

        while (true)
        {
            if (Answer(view) is { } known)
                return known;

            var usable = view.IsUsable(time, Rejected);
            var patience = (usable ? options.Value.CallerWaitWithToken : options.Value.CallerWait) - time.GetElapsedTime(begun);
            var end = await WaitAsync(view, patience, cancellationToken);
            switch (end)
            {
                case null:
                    view = await LookAsync(cancellationToken); // a deposit or a disconnect may have come meanwhile
                    return view.IsUsable(time, Rejected) ? Issued(view) : Answer(view) ?? Unavailable(view, TimeSpan.Zero);
                case FlightEnd.KeyMissing:
                    return new TokenOutcome.EncryptionKeyMissing();
                case FlightEnd.Undecryptable:
                    return view.NeedsReauth();
                case FlightEnd.RetryLater { Elsewhere: true } when !usable && patience > TimeSpan.Zero:
                    view = await reader.ReadNextAsync(cancellationToken); // another node may be faster than this one's recovery
                    continue;
            }

            view = await LookAsync(cancellationToken);
            if (end is FlightEnd.RetryLater later && Answer(view) is null)
                return view.IsUsable(time, Rejected) ? Issued(view) : Unavailable(view, later.After); // a passing fault takes no good token away
        }
    }

    // An older generation's rejection says nothing about the current one, and must not make a rejected one usable again. The newest is
    // enough to remember, because generations only rise. It may be one that this owner has not read yet.
    private void Reject(Generation? rejected)
    {
        for (var newest = Volatile.Read(ref _rejected); newest < rejected?.Value;)
            newest = Interlocked.CompareExchange(ref _rejected, rejected.Value.Value, newest);
    }

    /// <summary>Null when patience ran out first. Ends early when the generation is no longer current: a deposit need not wait for it.</summary>
    private async Task<FlightEnd?> WaitAsync(CredentialView view, TimeSpan patience, CancellationToken cancellationToken)
    {
        var attempt = flight.Join(view.Row, () => view.IsRejected(Rejected));
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

    private CredentialView? InMemory() =>
        reader.Current is { } view && view.IsFresh(time, options.Value.Revalidation) ? view : null;

    /// <summary>What the view alone answers; null when it takes a refresh.</summary>
    private TokenOutcome? Answer(CredentialView view)
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
            return view.NeedsReauth();
        if (AtHand(view) is { } token)
            return token;
        if (view.Row.State == CredentialState.OperatorError)
            return view.NeedsReauth();
        if (view.UnknownKey is not null)
            return view.IsUsable(time, Rejected) ? Issued(view) : new TokenOutcome.Unavailable(RefreshFlight.KeyUnknownPause) { Reason = BlockedReason.EncryptionKeyUnknown };
        return !view.IsUsable(time, Rejected) && view.BackOff(time) is var wait && wait > TimeSpan.Zero ? Unavailable(view, wait) : null;
    }

    /// <summary>The token that needs no waiting. One that is to be refreshed soon is served while that goes on.</summary>
    private TokenOutcome.Issued? AtHand(CredentialView view)
    {
        if (!view.IsUsable(time, Rejected))
            return null;
        if (view.Row.State != CredentialState.OperatorError && view.WantsRefresh(time) && view.BackOff(time) == TimeSpan.Zero)
        {
            if (view.IsAboutToExpire(time, options.Value.ExpirySkew))
                return null;
            flight.Begin(view.Row, () => view.IsRejected(Rejected));
        }

        return Issued(view);
    }

    private static TokenOutcome.Issued Issued(CredentialView view) => new(view.Token!.Value, view.Row.Generation);

    private static TokenOutcome.Unavailable Unavailable(CredentialView view, TimeSpan after) =>
        new(Spans.Max(after, TimeSpan.FromSeconds(1))) { Reason = view.WaitsFor };
}
