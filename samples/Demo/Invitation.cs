using Spectre.Console;

namespace Executor.Demo;

/// <summary>Leaves everything up, with commands to try.</summary>
internal static class Invitation
{
    public static async Task StayAsync(DemoWorld world, CancellationToken interrupted)
    {
        AnsiConsole.Write(new Rule("[bold]Try it[/]").LeftJustified());
        // Not through the library, which would wrap the lines: they are to be pasted.
        Console.WriteLine($$"""
            NODE={{world.NodeAddress.GetLeftPart(UriPartial.Authority)}}
            SANDBOX={{world.Sandbox.BaseAddress.GetLeftPart(UriPartial.Authority)}}
            TOKEN={{world.User.Jwt}}

            curl -s "$NODE/list-mcp-tools?mcpServerId={{DemoWorld.Server}}" -H "Authorization: Bearer $TOKEN"
            curl -s $NODE/runs -H "Authorization: Bearer $TOKEN"
            curl -s $NODE/runs -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{DemoWorld.SampleRun}}'

            # disconnect, and connect again
            curl -s -X DELETE $NODE/mcp-oauth-credentials/{{DemoWorld.Server}} -H "Authorization: Bearer $TOKEN"
            REFRESH=$(curl -s $SANDBOX/control/grants -H 'Content-Type: application/json' -d '{"user":"ada"}' | sed 's/.*"refreshToken":"\([^"]*\)".*/\1/')
            curl -s $NODE/mcp-oauth-credentials -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "{\"mcpServerId\":\"{{DemoWorld.Server}}\",\"refreshToken\":\"$REFRESH\",\"clientId\":\"sandbox-client\",\"tokenEndpoint\":\"$SANDBOX/oauth/token\"}"
            curl -s $NODE/readyz

            Ctrl-C ends it.
            """);
        await Task.Delay(Timeout.Infinite, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
