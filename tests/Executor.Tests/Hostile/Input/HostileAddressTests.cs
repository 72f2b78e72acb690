using System.Text;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Hostile.Input;

/// <summary>Identifiers that are none, or that are somebody else's.</summary>
public sealed class HostileAddressTests(Target target) : IClassFixture<Target>
{
    [Fact]
    public Task Path_with_a_hostile_identifier_finds_nothing() => target.WithstandsAsync(
        async _ =>
        {
            foreach (var surface in Surface.All.Where(surface => surface.Id != IdKind.None))
            {
                foreach (var id in HostileAddresses.All)
                {
                    var answer = await AskAsync(surface, surface.Path(id));

                    // Whatever is well-formed text may name a server; deleting what is not there changes nothing.
                    if (surface.Id != IdKind.Server || answer.Status != 204)
                        Target.Refused(answer, $"{surface}, {Short(id)}");
                }
            }
        },
        isInHead: true);

    [Fact]
    public Task Query_with_a_hostile_value_finds_nothing() => target.WithstandsAsync(
        async _ =>
        {
            foreach (var (surface, parameter) in Surface.All.SelectMany(surface => surface.Query, (surface, parameter) => (surface, parameter)))
            {
                foreach (var value in HostileAddresses.All.Append("").Append($"crm&{parameter.Name}=crm"))
                {
                    var answer = await AskAsync(surface, $"{surface.Path()}?{parameter.Name}={value.Replace("#", "%23", StringComparison.Ordinal)}");

                    if (parameter.TakesAnyText && answer.Status == 200)
                        Assert.Equal("""{"runs":[]}""", answer.Body);
                    else
                        Target.Refused(answer, $"{surface}, {parameter.Name}={Short(value)}");
                }

                if (parameter.Required)
                    Target.Refused(await AskAsync(surface, surface.Path()), $"{surface} without {parameter.Name}", 400);
            }
        },
        isInHead: true);

    [Fact]
    public Task Header_with_a_hostile_value_is_refused() => target.WithstandsAsync(async _ =>
    {
        string[] values = ["", " ", new('a', 256), "SENTINEL-hostile\u0001", "SENTINEL-hostile\u007f", "a\r\nIdempotency-Key: b", "\u0000"];
        foreach (var (surface, header) in Surface.All.SelectMany(surface => surface.Headers, (surface, header) => (surface, header)))
        {
            foreach (var value in values)
                Target.Refused(await AskAsync(surface, surface.Path(), $"{header}: {value}\r\n"), $"{surface}, {header}: {Short(value)}", 400);
        }
    });

    [Fact]
    public Task Run_of_another_user_is_answered_exactly_as_one_that_there_is_not() => target.WithstandsAsync(async _ =>
    {
        foreach (var surface in Surface.All.Where(surface => surface.Id == IdKind.Run))
        {
            using var foreign = await target.Node.SendAsync(surface.HttpMethod, surface.Path(target.VictimsRun), Target.Token, surface.Body);
            using var unknown = await target.Node.SendAsync(surface.HttpMethod, surface.Path(), Target.Token, surface.Body);

            await Target.RefusedAsync(foreign, $"{surface}", 404);
            Assert.Equal(unknown.StatusCode, foreign.StatusCode);
            Assert.Equal(await unknown.Content.ReadAsStringAsync(), await foreign.Content.ReadAsStringAsync());
            Assert.Equal(Headers(unknown), Headers(foreign));
        }
    });

    [Fact]
    public Task Credential_of_another_user_is_not_there_to_delete_or_use() => target.WithstandsAsync(async _ =>
    {
        using var deleted = await target.Node.SendAsync(HttpMethod.Delete, "/mcp-oauth-credentials/crm", Target.Token);
        using var listed = await target.Node.SendAsync(HttpMethod.Get, "/list-mcp-tools?mcpServerId=crm", Target.Token);

        Assert.Equal(204, (int)deleted.StatusCode);
        await Target.RefusedAsync(listed, "no credential of one's own", 409);
    });

    private static string Headers(HttpResponseMessage response) =>
        string.Join('\n', response.Headers.Concat(response.Content.Headers).Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(',', header.Value)}"));

    private static string Short(string text) => text.Length <= 60 ? text : text[..60];

    private Task<RawAnswer> AskAsync(Surface surface, string path, string headers = "") => RawHttp.AskAsync(target.Node.Address, [Encoding.Latin1.GetBytes(
        $"{surface.Method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {Target.Token}\r\n{headers}"
        + (surface.Body is { } body ? $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}" : "Content-Length: 0\r\n\r\n"))]);
}
