using System.Net.Http.Headers;
using System.Text;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Hostile.Input;

/// <summary>Every endpoint that reads a body, and bodies that none may accept; those that read none are sent some nevertheless.</summary>
public sealed class HostileBodyTests(Target target) : IClassFixture<Target>
{
    private const int Limit = 1024 * 1024;

    private static IEnumerable<Surface> Readers => Surface.All.Where(surface => surface.Body is not null);

    [Fact]
    public Task Malformed_body_is_a_bad_request_that_quotes_nothing() => target.WithstandsAsync(async _ =>
    {
        foreach (var surface in Readers)
        {
            foreach (var body in HostileBodies.All(surface.Body!))
            {
                using var response = await SendAsync(surface, body);

                await Target.RefusedAsync(response, $"{surface}, {Encoding.Latin1.GetString(body.AsSpan(0, Math.Min(body.Length, 400)))}", 400);
            }
        }
    });

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=SENTINEL-hostile")]
    [InlineData("application/json; charset=utf-16", 415)]
    [InlineData("application/json; charset=SENTINEL-hostile", 415)]
    [InlineData("application/json; charset=\"SENTINEL-hostile")]
    [InlineData("application/jsonx")]
    [InlineData("SENTINEL-hostile")]
    [InlineData(null)]
    public Task Other_content_type_is_refused(string? type, int status = 400) => target.WithstandsAsync(async _ =>
    {
        foreach (var surface in Readers)
        {
            using var response = await SendAsync(surface, Encoding.UTF8.GetBytes(surface.Body!), type);

            await Target.RefusedAsync(response, $"{surface}", status);
        }
    }, isInHead: true);

    [Fact]
    public Task Compressed_body_is_a_bad_request() => target.WithstandsAsync(async _ =>
    {
        foreach (var surface in Readers)
        {
            using var response = await target.Node.SendAsync(
                surface.HttpMethod, surface.Path(), Target.Token, surface.Body, request => request.Content!.Headers.ContentEncoding.Add("gzip"));

            await Target.RefusedAsync(response, $"{surface}", 400);
        }
    });

    [Fact]
    public Task Body_over_the_limit_is_too_large_whether_it_is_declared_or_chunked() => target.WithstandsAsync(async _ =>
    {
        var chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string(' ', 0x10000) + "\r\n");
        foreach (var surface in Readers)
        {
            var declared = await RawHttp.AskAsync(target.Node.Address, [Head(surface, $"Content-Length: {Limit + 1}")]);
            var endless = await RawHttp.AskAsync(target.Node.Address, [Head(surface, $"Content-Length: {long.MaxValue}")]);
            var chunked = await RawHttp.AskAsync(
                target.Node.Address, [Head(surface, "Transfer-Encoding: chunked"), .. Enumerable.Repeat(chunk, 17), "0\r\n\r\n"u8.ToArray()]);

            Target.Refused(declared, $"{surface}, declared", 413);
            Target.Refused(endless, $"{surface}, endless", 413);
            Target.Refused(chunked, $"{surface}, chunked", 413);
        }
    });

    [Fact]
    public Task Body_where_none_is_read_does_no_harm() => target.WithstandsAsync(async _ =>
    {
        foreach (var surface in Surface.All.Where(surface => surface.Body is null && surface.Method != "GET"))
        {
            foreach (var body in new[] { "SENTINEL-hostile", new string('x', 2 * Limit) })
            {
                var answer = await RawHttp.AskAsync(target.Node.Address, [Head(surface, $"Content-Length: {body.Length}"), Encoding.ASCII.GetBytes(body)]);

                if (surface.Id != IdKind.Server || answer.Status != 204)
                    Target.Refused(answer, $"{surface}");
            }
        }
    });

    [Fact]
    public Task Framing_that_two_readers_would_see_differently_is_refused() => target.WithstandsAsync(async _ =>
    {
        string[] framings =
        [
            "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5, 6", "Content-Length: -1", "Content-Length: 0x5", "Content-Length: 99999999999999999999",
            "Transfer-Encoding: chunked, identity", "Transfer-Encoding: gzip", "Transfer-Encoding : chunked", "Transfer-Encoding: chunked\r\n\tSENTINEL-hostile: x",
        ];
        foreach (var surface in Readers)
        {
            foreach (var framing in framings)
                Target.Refused(await RawHttp.AskAsync(target.Node.Address, [Head(surface, framing), "0\r\n\r\n"u8.ToArray()]), $"{surface}, {framing}");
        }
    }, isInHead: true);

    [Fact]
    public Task Chunks_that_are_none_are_refused() => target.WithstandsAsync(async _ =>
    {
        string[] bodies =
        [
            "SENTINEL-hostile\r\n", "-1\r\n", "ffffffffffffffff\r\n", "5\r\n{}\r\n\r\nX", "1\nx", "2;SENTINEL-hostile\r\n{}SENTINEL-hostile", new('0', 40_000),
        ];
        foreach (var surface in Readers)
        {
            foreach (var body in bodies)
            {
                Target.Refused(
                    await RawHttp.AskAsync(target.Node.Address, [Head(surface, "Transfer-Encoding: chunked"), Encoding.ASCII.GetBytes(body)]),
                    $"{surface}, {body[..Math.Min(body.Length, 40)]}",
                    400, 408);
            }
        }
    });

    [Fact]
    public Task Body_or_head_that_does_not_go_on_is_not_waited_for() => target.WithstandsAsync(async _ =>
    {
        // All at once: each takes as long as the server's patience (the minimum data rate for a body, a limit for the head).
        var bodies = Readers.Select(async surface => (
            $"{surface}", await RawHttp.AskAsync(target.Node.Address, [Head(surface, "Content-Length: 1000"), "{"u8.ToArray()])));
        var chunks = Readers.Select(async surface => (
            $"{surface}, chunked", await RawHttp.AskAsync(target.Node.Address, [Head(surface, "Transfer-Encoding: chunked"), "5\r\n{"u8.ToArray()])));
        var heads = Surface.All.Select(async surface => (
            $"{surface}, head", await RawHttp.AskAsync(target.Node.Address, [Encoding.ASCII.GetBytes($"{surface.Method} {surface.Path()} HTTP/1.1\r\nHost: x\r\nX-A: SENTINEL-host")])));

        foreach (var (what, answer) in await Task.WhenAll([.. bodies, .. chunks, .. heads]))
            Target.Refused(answer, what, 408);
    });

    private static byte[] Head(Surface surface, string framing) => Encoding.ASCII.GetBytes(
        $"{surface.Method} {surface.Path()} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {Target.Token}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n");

    private Task<HttpResponseMessage> SendAsync(Surface surface, byte[] body, string? type = "application/json") =>
        target.Node.SendAsync(surface.HttpMethod, surface.Path(), Target.Token, more: request =>
        {
            request.Content = new ByteArrayContent(body);
            if (type is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        });
}
