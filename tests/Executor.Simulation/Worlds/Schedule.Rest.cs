using Executor.Credentials;
using Executor.Runs;
using Executor.Simulation.Cluster;
using Executor.Simulation.Store;

namespace Executor.Simulation.Worlds;

/// <summary>Faults have stopped: everything comes to rest in bounded time, and is as good as it can be.</summary>
internal sealed partial class Schedule
{
    /// <summary>The longest back-off, after an operator's error or a refused token, is an hour and a fifth.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(90);
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);

    private IEnumerable<KeyValuePair<CredentialKey, StoredCredential>> Credentials => _world.Database.Tables.Credentials;

    private void Rest()
    {
        _world.Trace.Note("world", "calms down");
        _world.IsCalm = true;
        Restore();
        foreach (var node in Living.ToList())
        {
            Heal(node);
            Thaw(node);
        }

        foreach (var server in Plan.Servers)
            _world.ResourceOf(server.Id).Accept();
        _world.CredentialRules.Calm();
        Await("Everything comes to rest", WhatIsUnfinished);
        foreach (var node in Up.ToList())
        {
            foreach (var key in Plan.Keys)
                Request(node, "asks at last", at => AskAtLastAsync(at, key));
        }

        Await("Everything comes to rest after the last questions", WhatIsUnfinished);
        foreach (var node in Living.ToList())
            _ = node.Leave();
        Await("Nodes leave", () => Living.FirstOrDefault()?.Label);
    }

    private void Await(string rule, Func<string?> unfinished)
    {
        var until = _world.Timeline.Now + _longest.Ticks;
        var look = TimeSpan.FromMilliseconds(20);
        while (unfinished() is { } what)
        {
            if (_world.Timeline.Now >= until)
                _world.Fail(rule, what);
            Pass(look);
            look = look < _look ? look * 2 : _look;
        }
    }

    /// <summary>A credential that serves gives every node a token that works; one that does not says so with reason.</summary>
    private async Task AskAtLastAsync(SimulatedNode node, CredentialKey key)
    {
        var outcome = await AskAsync(node, key, 0, rejected: null);
        var provider = _world.ProviderOf(key.Server);

        // The first one may be of an older generation, and what followed that be revoked as well; each may be young and given twice.
        for (var tried = 0; tried < 6 && outcome is TokenOutcome.Issued issued && !provider.Accepts(issued.Token.Value); tried++)
        {
            _world.CredentialRules.Rejected(key, issued.Token.Value);
            outcome = await AskAsync(node, key, 0, new Rejection(issued.Generation, Episode: issued.Episode));
        }

        var row = _world.Database.Tables.Credentials.TryGetValue(key, out var stored) ? stored.Row : new CredentialRow { Key = key };
        switch (outcome)
        {
            case TokenOutcome.Issued last when !provider.Accepts(last.Token.Value) && provider.FindAccess(last.Token.Value) is { IsKilled: false }:
                _world.Fail("The last token works", last.Token.Value);
                break;
            case TokenOutcome.NeedsReauth { IsPauseOver: true, Prober: null }:
                await ProbeAtLastAsync(node, key);
                break;
            case TokenOutcome.NeedsReauth when row is { HoldsTokens: true, Refusal.IsActive: true }:
                break; // told at once, until the pause is over or whoever tries has found out
            case TokenOutcome.NeedsReauth when row.State is not (CredentialState.Absent or CredentialState.NeedsReauth):
                _world.Fail("Who is asked to reconnect has to", row.State.ToString());
                break;
            case TokenOutcome.Unavailable when _world.Database.Tables.IsGone(node.Liveness.Self.Incarnation):
                break; // written off at this very moment, for what was before the calm: it begins anew
            case TokenOutcome.Unavailable:
                _world.Fail("Without faults a token is there", $"{row.State} {row.Generation.Value}, {outcome}");
                break;
        }
    }

    /// <summary>The pause is over, and the resource refuses nothing any more: whoever tries finds that out.</summary>
    private async Task ProbeAtLastAsync(SimulatedNode node, CredentialKey key)
    {
        var owner = Owner(node, key, 0);
        var probe = new ProbeId(new Guid(_probes++, 0, 0, new byte[8]));
        var outcome = await owner.ProbeAsync(probe, CancellationToken.None);
        if (outcome is TokenOutcome.Issued issued && !_world.ResourceOf(key.Server).Accepts(issued.Token.Value, isTool: true))
        {
            _world.CredentialRules.Rejected(key, issued.Token.Value);
            outcome = await owner.TokenRejectedAsync(new Rejection(issued.Generation, Probe: issued.Probe, Episode: issued.Episode), CancellationToken.None);
        }

        if (outcome is not TokenOutcome.Issued last || !_world.ResourceOf(key.Server).Accepts(last.Token.Value, isTool: true))
            return;
        _world.CredentialRules.Accepted(key);
        await owner.TokenAcceptedAsync(last.Generation, CancellationToken.None);
        if (_world.Database.Tables.Credentials[key].Row.Refusal.IsActive)
            _world.Fail("A probe that is accepted ends the refusal", key.ToString());
    }

    private string? WhatIsUnfinished()
    {
        _requests.RemoveAll(request => request.Request.IsCompleted || request.Node.IsDead);
        if (_requests.Count > 0)
            return $"{_requests[0].What} on {_requests[0].Node.Label}";
        if (_repetitions > 0)
            return "a deposit is to be repeated";
        if (!Living.Any())
            Join();
        if (Living.FirstOrDefault(node => !node.IsUp) is { } half)
            return $"{half.Label} is {half.State.Phase}";
        if (Living.FirstOrDefault(node => !node.Liveness.MayOpenIntents || _world.Database.Tables.IsGone(node.Liveness.Self.Incarnation)) is { } ended)
            return $"{ended.Label} has not begun anew yet";
        foreach (var (key, stored) in Credentials)
        {
            if (stored.Row.State is CredentialState.Refreshing or CredentialState.Unresolved or CredentialState.OperatorError)
                return $"the credential of {key.User} at {key.Server} is {stored.Row.State}";
            if (stored.Row.RetryAt > _world.Database.Now)
                return $"the credential of {key.User} at {key.Server} backs off";
            if (stored.Intents.Exists(MayBeProcessed))
                return $"a request for the credential of {key.User} at {key.Server} that nobody listens for may still be processed";
        }

        foreach (var run in _world.Database.Tables.Runs.Values)
        {
            if (run.Row.Status is RunStatus.Pending or RunStatus.Running)
                return $"a run is {run.Row.Status}";
            if (run.Row.ParkCause == ParkCause.TokenRefused
                && _world.Database.Tables.Credentials[new CredentialKey(run.Row.User, run.Row.AwaitedServer!.Value)].Row.HoldsTokens)
                return "a run waits for a resource that refuses nothing";
        }

        return Living.Any(node => !node.Work.IsIdle) ? "there is work left" : null;
    }

    private bool MayBeProcessed(RefreshIntent intent) =>
        intent.Settlement is IntentSettlement.InDoubt or IntentSettlement.Unsettled && intent.Deadline + Rules.CredentialRules.ObserverMargin > _world.Database.Now;
}
