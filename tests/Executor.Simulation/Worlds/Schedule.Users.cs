using Executor.Credentials;
using Executor.Runs;
using Executor.Simulation.Cluster;
using Executor.Simulation.Tools;

namespace Executor.Simulation.Worlds;

/// <summary>What users do, through whichever node answers them.</summary>
internal sealed partial class Schedule
{
    private readonly List<(SimulatedNode Node, string What, Task Request)> _requests = [];
    private readonly Dictionary<CredentialKey, (Deposit Deposit, int Number)> _deposits = [];
    private readonly List<(RunId Id, Identity.UserId User)> _runs = [];
    private int _depositNumber;
    private int _probes;

    /// <summary>Deposits whose client will send them again.</summary>
    private int _repetitions;

    private SimulatedNode? AnyUp() => _dice.PickAny(Up.ToList());

    private CredentialKey AnyKey() => Plan.Keys[_dice.Next(Plan.Keys.Count)];

    private static ICredentialOwner Owner(SimulatedNode node, CredentialKey key, int directory) => node.Directories[directory].For(key);

    private void Request(SimulatedNode? node, string what, Func<SimulatedNode, Task> work)
    {
        if (node is null)
            return;
        _world.Trace.Note(node.Label, what);
        _world.Tally.Add("requests", what);
        _requests.Add((node, what, node.Run(async () =>
        {
            try
            {
                await work(node);
            }
            catch (StoreUnavailableException)
            {
                _world.Trace.Note(node.Label, "answers that the database is away", what);
            }
            catch (Exception defect)
            {
                _world.Fail("Every request is answered", $"{what} on {node.Label}: {defect}");
            }
        })));
    }

    private void Ask() => Ask(AnyUp(), AnyKey());

    private void Ask(SimulatedNode? node, CredentialKey key)
    {
        var directory = _dice.Next(Plan.DirectoriesPerNode);
        Request(node, "asks", async at => await AskAsync(at, key, directory, rejected: null));
    }

    /// <summary>A storm: every node at once, and each several times.</summary>
    private void AskManyTimes()
    {
        var key = AnyKey();
        foreach (var node in Up.ToList())
        {
            for (var n = 0; n < 4; n++)
                Ask(node, key);
        }
    }

    private async Task<TokenOutcome> AskAsync(SimulatedNode node, CredentialKey key, int directory, Rejection? rejected)
    {
        var askedAt = _world.Timeline.Now;
        var owner = Owner(node, key, directory);
        if (rejected is not null)
            _world.CredentialRules.Reported(key);
        var outcome = rejected is { } rejection
            ? await owner.TokenRejectedAsync(rejection, CancellationToken.None)
            : await owner.GetTokenAsync(CancellationToken.None);
        _world.Tally.Add("answers", outcome.GetType().Name);
        _world.CredentialRules.Answered(node, key, outcome, rejected?.Generation, askedAt);
        if (outcome is TokenOutcome.Issued issued)
            _world.CredentialRules.Issued(node, key, issued, askedAt);
        if (outcome is TokenOutcome.EncryptionKeyMissing)
            _world.Fail("The key is there", "");
        return outcome;
    }

    private void ListTools()
    {
        var key = AnyKey();
        Request(AnyUp(), "lists tools", async node =>
            await node.Mcp.ListToolsAsync(
                key.User, _world.ServerOf(key.Server).Server, new ProbeId(new Guid(_probes++, 0, 0, new byte[8])), CancellationToken.None));
    }

    private void RejectStale()
    {
        var key = AnyKey();
        var generations = _world.CredentialRules.Of(key).Generations.Keys.ToList();
        var generation = _dice.OneIn(3) ? generations[^1] : generations[_dice.Next(generations.Count)];
        var directory = _dice.Next(Plan.DirectoriesPerNode);
        var rejection = new Rejection(generation, Episode: _world.Database.Tables.Credentials.TryGetValue(key, out var stored) ? stored.Row.Refusal.Episode : 0);
        Request(AnyUp(), "reports a 401", async node => await AskAsync(node, key, directory, rejection));
    }

    /// <summary>A new consent; its client repeats the deposit until it is acknowledged, or a newer one is on its way.</summary>
    private void Deposit(CredentialKey key)
    {
        var server = _world.ServerOf(key.Server);
        var grant = _world.ProviderOf(key.Server).Consent(key);
        var deposit = new Deposit(new RefreshToken(grant.RefreshTokens[0].Value), server.TokenEndpoint, "client");
        var number = ++_depositNumber;
        _deposits[key] = (deposit, number);
        _world.CredentialRules.Of(key).Deposited.Add(deposit.RefreshToken.Value);
        Request(AnyUp(), "deposits", node => DepositAsync(node, key, deposit, number));
    }

    private void DepositAgain()
    {
        var key = AnyKey();
        if (_deposits.TryGetValue(key, out var last))
            Request(AnyUp(), "deposits again", node => DepositAsync(node, key, last.Deposit, last.Number));
    }

    private async Task DepositAsync(SimulatedNode node, CredentialKey key, Deposit deposit, int number)
    {
        _world.CredentialRules.Of(key).DepositAskedAt = _world.Timeline.Now;
        try
        {
            if (await Owner(node, key, 0).DepositAsync(deposit, CancellationToken.None) is not DepositOutcome.Stored)
                _world.Fail("A deposit is taken", key.ToString());
        }
        catch (StoreUnavailableException)
        {
            _repetitions++;
            _world.Timeline.After(TimeSpan.FromSeconds(1), _ =>
            {
                _repetitions--;
                if (_deposits.TryGetValue(key, out var last) && last.Number == number)
                    Request(AnyUp(), "repeats a deposit", other => DepositAsync(other, key, deposit, number));
            });
        }
    }

    private void Delete()
    {
        var key = AnyKey();
        _deposits.Remove(key);
        _world.CredentialRules.Of(key).DeletionsAsked++;
        Request(AnyUp(), "deletes", node => Owner(node, key, 0).DeleteAsync(CancellationToken.None));
    }

    private void RevokeAtProvider()
    {
        if (_world.CredentialRules.Of(AnyKey()).Grant is not { } grant)
            return;
        _world.Trace.Note("user", "revokes at the provider");
        grant.IsRevoked = grant.IsRevokedByUser = true;
    }

    private void KillAccessTokens()
    {
        if (_world.CredentialRules.Of(AnyKey()).Grant is not { } grant)
            return;
        _world.Trace.Note("provider", "ends access tokens");
        Providers.OAuthServer.KillAccessTokens(grant);
    }

    /// <summary>An MCP server is misconfigured for a while, at its tools or altogether, or its clock is behind.</summary>
    private void RefuseTokens()
    {
        var server = AnyKey().Server;
        var resource = _world.ResourceOf(server);
        if (_dice.OneIn(4))
        {
            _world.Trace.Note("resource", "has a clock that is behind", server.Value);
            resource.Skew = _dice.Seconds(1, 3, 6, 12);
        }
        else if (_dice.OneIn(3))
        {
            _world.Trace.Note("resource", "accepts tokens again", server.Value);
            resource.Accept();
        }
        else
        {
            _world.Trace.Note("resource", "refuses tokens", server.Value);
            resource.Refuse(_dice.Seconds(2, 10, 30, 120, 1200), _dice.OneIn(3));
        }
    }

    private void MoveRun()
    {
        if (_runs.Count < 2 || (_runs.Count < 6 && _dice.OneIn(3)))
        {
            StartRun();
            return;
        }

        var (id, user) = AnyRun();
        if (_dice.OneIn(8))
        {
            Request(AnyUp(), "cancels", async node => await node.Runs.For(id).CancelAsync(user, CancellationToken.None));
            return;
        }

        TriggerAction? action = _dice.Next(3) switch { 0 => null, 1 => TriggerAction.Retry, _ => TriggerAction.Skip };
        Request(AnyUp(), "triggers", async node =>
        {
            _world.RunRules.Triggered(id);
            if (await node.Runs.For(id).TriggerAsync(user, action, CancellationToken.None) is not TriggerOutcome.Triggered)
                _world.RunRules.TriggeredInVain(id);
        });
    }

    /// <summary>Rather one that nobody is at, if there is any: to go on with the others is refused.</summary>
    private (RunId Id, Identity.UserId User) AnyRun()
    {
        var stuck = _runs.FindAll(run => _world.Database.Tables.FindRun(run.Id) is { Row.Status: RunStatus.Pending, Current.Status: StepStatus.Executing });
        var runs = stuck.Count > 0 && _dice.OneIn(2) ? stuck : _runs;
        return runs[_dice.Next(runs.Count)];
    }

    private void StartRun()
    {
        var key = AnyKey();
        var steps = Enumerable.Range(0, 1 + _dice.Next(3)).Select(index => new StepDefinition(
            $"step{index}",
            AnyKey().Server,
            _dice.Pick(ToolServer.Plain, ToolServer.Plain, ToolServer.Idempotent, ToolServer.ReadOnly),
            index > 0 && _dice.OneIn(3) ? """{"n":"${{ steps.step0.structuredContent.n }}"}""" : "{}",
            null,
            _dice.Pick(OnUnknown.ByAnnotations, OnUnknown.ByAnnotations, OnUnknown.Retry, OnUnknown.Ask))).ToList();
        Request(AnyUp(), "starts a run", async node =>
        {
            var started = await node.Runs.StartAsync(key.User, new NewRun("run", "{}", steps), null, CancellationToken.None);
            if (started is StartOutcome.Started { Run.Run: var run })
                _runs.Add((run.Id, run.User));
            else
                _world.Fail("A run is taken", started.GetType().Name);
        });
    }
}
