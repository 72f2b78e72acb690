using System.Net;

namespace Executor.Load.Scenarios;

/// <summary>Every connection is open and every token at hand.</summary>
internal sealed class ListingScenario : IScenario
{
    private const int Callers = 32;

    public string Name => "listings";

    public string About => "GET /list-mcp-tools, warm";

    public async Task RunAsync(Plan plan, Report report)
    {
        await using var world = await World.StartAsync(plan.Databases[0]);
        var table = new CaseTable("listing");
        foreach (var users in (int[])[1, plan.Count(500, 8)])
        {
            await world.ConnectAsync(users, ["s0"]);
            await using var bare = await BareMcp.ConnectAsync(world, users);
            var clients = Enumerable.Range(1, users).Select(user => world.Node.As(user)).ToArray();
            var next = 0;
            await ClosedLoop.RunAsync(Callers, plan.WarmUp, ListAsync);
            await ClosedLoop.RunAsync(Callers, plan.WarmUp / 2, ListBareAsync);
            var floor = await ThisProcess.MeasureAsync(() => ClosedLoop.RunAsync(Callers, plan.Duration, ListBareAsync));
            var listings = await world.MeasureAsync(() => ClosedLoop.RunAsync(Callers, plan.Duration, ListAsync));
            table.Add($"{users} users: floor, the SDK's client, connected", floor);
            table.Add($"{users} users: /list-mcp-tools", listings, floor);

            int Turn() => (int)((uint)Interlocked.Increment(ref next) % (uint)users);

            async Task<bool> ListAsync(int caller) => (await clients[Turn()].ListToolsAsync("s0")).Status == HttpStatusCode.OK;

            Task<bool> ListBareAsync(int caller) => bare.ListToolsAsync(Turn());
        }

        report.Text($"{Callers} callers, {world.Database.Name}. The floor's callers are the MCP clients themselves: a call of theirs is one request, a listing through a node two.");
        table.Print(report);
    }
}
