namespace Executor.Nodes.Faults;

/// <summary>A node that holds one refresh for each provider and point, and is struck while it holds them all.</summary>
internal sealed class Victim(Cluster cluster, ClusterNode node, Fate fate, IReadOnlyList<Scenario> scenarios)
{
    /// <summary>The windows of tolerant providers are not over yet.</summary>
    private static readonly TimeSpan _longFreeze = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan _briefFreeze = TimeSpan.FromSeconds(3);

    public IReadOnlyList<Scenario> Scenarios => scenarios;

    private IEnumerable<Scenario> Strict => scenarios.Where(scenario => scenario.Provider.IsStrict);

    /// <summary>At the victim itself: a credential lives where it was met first.</summary>
    public async Task DepositAsync()
    {
        foreach (var scenario in scenarios)
            await scenario.DepositAsync(node);
    }

    /// <summary>Everything but the commits: requests and answers are held, connections have broken.</summary>
    public async Task ReachProviderAsync()
    {
        // The tolerant ones last: their windows are short, and a node that has just started is slow.
        var held = scenarios.Where(scenario => scenario.Fault.Point != Point.IntentCommit).ToList();
        foreach (var some in new[] { held.Intersect(Strict).ToList(), held.Except(Strict).ToList() })
        {
            some.ForEach(scenario => scenario.Ask(node));
            await Task.WhenAll(some.Select(scenario => scenario.HeldAsync()));
        }

        // Those whose connection broke are past that point only when the doubt is written down.
        var broken = Users(Point.Connection);
        await Eventually.TrueAsync(
            async () => await cluster.ScalarAsync<long>(
                "SELECT count(DISTINCT user_id) FROM refresh_intents WHERE settlement = 'in-doubt' "
                + $"AND user_id IN ({string.Join(',', broken.Append(0))})") == broken.Count,
            TimeSpan.FromSeconds(60));
    }

    /// <summary>The commits run into the locks.</summary>
    public void RunIntoLocks()
    {
        foreach (var scenario in scenarios.Where(scenario => scenario.Fault.Point == Point.IntentCommit))
            scenario.Ask(node);
        foreach (var scenario in scenarios.Where(scenario => scenario.Fault.Point == Point.ResultCommit))
            scenario.Release();
    }

    public Task BlockedAsync(RowLocks locks) => locks.WaitForIntentsAsync(node.Name, Users(Point.IntentCommit).Count);

    public void Strike()
    {
        if (fate == Fate.Killed)
            node.Process.Kill();
        else
            node.Process.Freeze();
    }

    /// <summary>What comes after: the provider behaves, the users call others, and who was frozen is thawed.</summary>
    public async Task GoOnAsync(IReadOnlyList<ClusterNode> others)
    {
        foreach (var scenario in scenarios)
            scenario.EndFault();
        Release(GoesOn.AtOnce);
        var calls = scenarios.Select((scenario, n) => scenario.CallAsync(others[n % others.Count])).ToList();
        var late = scenarios.Where(IsReleasedOnceServed).Select(ReleaseOnceServedAsync).ToList();
        if (fate != Fate.Killed)
            await ThawAsync();
        await Task.WhenAll([.. calls, .. late]).WaitAsync(TimeSpan.FromMinutes(4));
    }

    private async Task ThawAsync()
    {
        switch (fate)
        {
            case Fate.FrozenBriefly:
                await Task.Delay(_briefFreeze);
                break;
            case Fate.FrozenPastTheLease:
                var tolerant = Task.WhenAll(scenarios.Except(Strict).Select(scenario => scenario.Answered));
                await Task.WhenAny(tolerant, Task.Delay(_longFreeze));
                break;
            case Fate.FrozenPastTheDeadline:
                await PassDeadlineAsync();
                break;
        }

        foreach (var scenario in scenarios)
            scenario.CheckBeforeThaw();
        Release(GoesOn.DuringTheFreeze);
        await Task.WhenAll(Strict
            .Where(scenario => scenario.Fault is { Provider: GoesOn.DuringTheFreeze, Point: not Point.Connection })
            .Select(scenario => scenario.ArrivedAsync()));
        node.Process.Thaw();
        Release(GoesOn.AfterTheThaw);
    }

    /// <summary>Even then nobody may take over: each of the users is turned away once more.</summary>
    private async Task PassDeadlineAsync()
    {
        const string Left = "SELECT (max(deadline) + 10000 - extract(epoch FROM clock_timestamp()) * 1000)::bigint "
            + "FROM refresh_intents WHERE settlement = 'unsettled' AND user_id IN";
        var left = await cluster.ScalarAsync<long>($"{Left} ({string.Join(',', Strict.Select(scenario => scenario.User))})");
        await Task.Delay(TimeSpan.FromMilliseconds(left));
        var begun = Strict.Select(scenario => (scenario, calls: scenario.TurnedAway + 2)).ToList(); // the call under way began before
        await Eventually.TrueAsync(
            () => Task.FromResult(begun.TrueForAll(entry => entry.scenario.Answered.IsCompleted || entry.scenario.TurnedAway >= entry.calls)),
            TimeSpan.FromMinutes(2));
    }

    private void Release(GoesOn when)
    {
        foreach (var scenario in scenarios.Where(scenario => scenario.Fault.Provider == when))
            scenario.Release();
    }

    /// <summary>A tolerant provider's late processing comes within its window, and after the others'.</summary>
    private static bool IsReleasedOnceServed(Scenario scenario) =>
        scenario.Fault.Provider == GoesOn.OnceOthersAreServed
        || (scenario.Fault.Provider == GoesOn.DuringTheFreeze && !scenario.Provider.IsStrict);

    private static async Task ReleaseOnceServedAsync(Scenario scenario)
    {
        await scenario.Answered;
        scenario.Release();
    }

    private List<long> Users(Point point) =>
        scenarios.Where(scenario => scenario.Fault.Point == point).Select(scenario => scenario.User).ToList();
}
