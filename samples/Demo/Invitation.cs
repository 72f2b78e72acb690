using Spectre.Console;

namespace Executor.Demo;

/// <summary>Leaves everything up, with commands to try.</summary>
internal static class Invitation
{
    public static async Task StayAsync(DemoWorld world, CancellationToken interrupted)
    {
        AnsiConsole.Write(new Rule("[bold]Try it[/]").LeftJustified());
        AnsiConsole.WriteLine($"""
            NODE={world.NodeAddress.GetLeftPart(UriPartial.Authority)}
            SANDBOX={world.Sandbox.BaseAddress.GetLeftPart(UriPartial.Authority)}
            TOKEN={world.User.Jwt}

            curl -s $NODE/list-mcp-tools?mcpServerId={DemoWorld.Server} -H "Authorization: Bearer $TOKEN"
            curl -s $NODE/runs -H "Authorization: Bearer $TOKEN"
            curl -s $NODE/runs -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
              -d '{DemoWorld.SampleRun}'
            curl -s -X DELETE $NODE/mcp-oauth-credentials/{DemoWorld.Server} -H "Authorization: Bearer $TOKEN"
            curl -s -X POST $SANDBOX/control/grants -H 'Content-Type: application/json' -d '{"{"}"user":"ada"{"}"}'
            curl -s $NODE/readyz

            Ctrl-C ends it.
            """);
        await Task.Delay(Timeout.Infinite, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
