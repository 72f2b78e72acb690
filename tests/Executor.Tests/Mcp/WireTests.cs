using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Executor.Credentials;
using Executor.Servers;

namespace Executor.Tests.Mcp;

/// <summary>What goes over the wire beside the message, and how what comes back is wrapped.</summary>
public sealed class WireTests
{
    private static readonly AccessToken Token = new("token");

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("GZIP")]
    [InlineData("deflate")]
    [InlineData("raw-deflate")]
    [InlineData("br")]
    [InlineData("identity")]
    [InlineData("gzip, br")]
    [InlineData("identity, gzip")]
    public async Task Answer_that_is_compressed_unasked_is_read(string encoding)
    {
        await using var raw = await CompressingAsync(encoding, message =>
            Encoding.UTF8.GetBytes($$$"""{"jsonrpc":"2.0","id":{{{message["id"]!.ToJsonString()}}},"result":{"content":[{"type":"text","text":"grüße"}]}}"""));
        await using var mcp = new McpHarness();

        var result = await mcp.CallAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"));

        Assert.Equal("grüße", result.Result.GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("gzip, gzip")]
    public async Task Small_answer_that_becomes_a_huge_one_is_capped_as_that(string encoding)
    {
        await using var raw = await CompressingAsync(encoding, _ => new byte[32 * 1024 * 1024]);
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"));

        Assert.Equal(McpFailureCodes.ResultTooLarge, failure.Code);
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, gzip, gzip, gzip")]
    public async Task Answer_wrapped_in_a_way_that_is_not_known_is_a_typed_failure(string encoding)
    {
        await using var raw = await RawServer.StartAsync((http, message) =>
        {
            http.Response.Headers.ContentEncoding = encoding;
            return RawServer.ResultAsync(http, message, """{"content":[]}""");
        });
        await using var mcp = new McpHarness();

        Assert.Equal(McpFailureCodes.ProtocolError, (await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"))).Code);
    }

    [Fact]
    public async Task Every_request_names_its_sender_and_asks_for_an_answer_as_it_is()
    {
        var seen = new List<(string Agent, string Encoding)>();
        await using var raw = await RawServer.StartAsync(async (http, message) =>
        {
            seen.Add((http.Request.Headers.UserAgent.ToString(), http.Request.Headers.AcceptEncoding.ToString()));
            await RawServer.ResultAsync(http, message, """{"tools":[]}""");
        });
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(raw.Url);

        await mcp.ListAsync(server, Token);
        await mcp.ListAsync(server with { UserAgent = "acme/7 (ops)" }, Token, user: 2);
        await mcp.ListAsync(McpHarness.Server(raw.Url, null, ("user-agent", "fixed/1")), Token, user: 3);

        Assert.Equal([(UserAgents.Default, "identity"), ("acme/7 (ops)", "identity"), ("fixed/1", "identity")], seen);
        Assert.StartsWith("executor/", UserAgents.Default, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_the_callers_trace_a_stranger_is_told_nothing_or_its_parent_alone(bool sendTraceparent)
    {
        // The SDK writes into its messages whatever the current trace has, once somebody listens to its spans.
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var activity = new Activity("caller") { TraceStateString = "vendor=SENTINEL" };
        activity.SetIdFormat(ActivityIdFormat.W3C).AddBaggage("tenant", "SENTINEL").Start();
        var parents = new List<string>();
        var told = new StringBuilder();
        await using var raw = await RawServer.StartAsync(async (http, message) =>
        {
            foreach (var header in http.Request.Headers)
                told.AppendLine($"{header.Key}: {header.Value}");
            told.AppendLine(message.ToJsonString());
            if (http.Request.Headers.TraceParent is [{ } parent])
                parents.Add(parent);
            if (message["params"]?["_meta"]?["traceparent"]?.ToString() is { } inside)
                parents.Add(inside);
            await RawServer.ResultAsync(http, message, """{"tools":[],"content":[]}""");
        });
        await using var mcp = new McpHarness(options => options.SendTraceparent = sendTraceparent);

        await mcp.ListAsync(McpHarness.Server(raw.Url), Token);
        await mcp.CallAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"));

        foreach (var name in new[] { "SENTINEL", "tracestate", "baggage", "Correlation-Context", "Request-Id" })
            Assert.DoesNotContain(name, told.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(sendTraceparent, parents.Count > 0);
        Assert.All(parents, parent => Assert.Contains(activity.TraceId.ToHexString(), parent, StringComparison.Ordinal));
        Assert.Equal(sendTraceparent, told.ToString().Contains("traceparent", StringComparison.OrdinalIgnoreCase));
    }

    private static Task<RawServer> CompressingAsync(string encoding, Func<JsonNode, byte[]> body) => RawServer.StartAsync(async (http, message) =>
    {
        var bytes = body(message);
        foreach (var layer in encoding.Split(", "))
            bytes = Compress(bytes, layer);
        http.Response.ContentType = "application/json";
        http.Response.Headers.ContentEncoding = encoding == "raw-deflate" ? "deflate" : encoding;
        await http.Response.Body.WriteAsync(bytes);
    });

    private static byte[] Compress(byte[] bytes, string layer)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = layer.ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            "raw-deflate" => new DeflateStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new ChunkedPassThrough(compressed),
        })
        {
            stream.Write(bytes);
        }

        return compressed.ToArray();
    }

    private sealed class ChunkedPassThrough(Stream inner) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);
    }
}
