using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Executor.Credentials;
using Executor.Servers;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Protocol;

namespace Executor.Tests.Mcp;

/// <summary>MCP 2026-07-28, Streamable HTTP: «Custom Headers from Tool Parameters», «Value Encoding», «Standard Request Headers».</summary>
public sealed class ParameterHeaderTests
{
    private static readonly AccessToken Token = new("token");

    [Theory]
    [InlineData("""{"type":"string"}""", "\"us-west1\"", "us-west1")]
    [InlineData("""{"type":"string"}""", "\"Hello, 世界\"", "=?base64?SGVsbG8sIOS4lueVjA==?=")]
    [InlineData("""{"type":"string"}""", "\" padded \"", "=?base64?IHBhZGRlZCA=?=")]
    [InlineData("""{"type":"string"}""", "\"line1\\nline2\"", "=?base64?bGluZTEKbGluZTI=?=")]
    [InlineData("""{"type":"string"}""", "\"=?base64?literal?=\"", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=")]
    [InlineData("""{"type":["string","null"]}""", "\"a\"", "a")]
    [InlineData("""{"type":"boolean"}""", "true", "true")]
    [InlineData("""{"type":"integer"}""", "-7", "-7")]
    [InlineData("""{"type":"integer"}""", "42.0", "42")]
    [InlineData("""{"type":"integer"}""", "4.2e1", "42")]
    [InlineData("""{"type":"integer"}""", "9007199254740991", "9007199254740991")]
    [InlineData("""{"enum":["a","b"]}""", "\"a\"", "a")]
    [InlineData("""{"type":"string"}""", "null", null)]
    [InlineData("""{"type":"string"}""", null, null)]
    public async Task Annotated_parameter_is_mirrored_as_the_specification_says(string schema, string? value, string? expected)
    {
        await using var server = await Annotated.StartAsync($$$"""{"region":{{{With(schema, "Region")}}}}""");

        await server.CallAsync(value is null ? "{}" : $$"""{"region":{{value}}}""");

        Assert.Equal(expected, Assert.Single(server.Calls)["Mcp-Param-Region"]);
    }

    [Fact]
    public async Task Nested_parameters_are_found_by_their_path()
    {
        await using var server = await Annotated.StartAsync(
            """{"where":{"type":"object","properties":{"zone":{"type":"string","x-mcp-header":"Zone"},"x-mcp-header":{"type":"string"}}},"zone":{"type":"string"}}""");

        await server.CallAsync("""{"where":{"zone":"inner","x-mcp-header":"odd"},"zone":"outer"}""");
        await server.CallAsync("""{"zone":"outer"}""");
        await server.CallAsync("""{"where":"nowhere"}""");

        Assert.Equal(["inner", null, null], server.Calls.Select(call => call["Mcp-Param-Zone"]));
        Assert.Equal(1, server.Lists);
    }

    [Theory]
    [InlineData("9007199254740992")]
    [InlineData("1.5")]
    [InlineData("1e30")]
    public async Task Integer_that_no_header_may_carry_is_not_sent(string value)
    {
        await using var server = await Annotated.StartAsync("""{"n":{"type":"integer","x-mcp-header":"N"}}""");

        var failure = await server.FailAsync($$"""{"n":{{value}}}""");

        Assert.Equal((McpFailureCodes.ProtocolError, McpEffect.None), (failure.Code, failure.Effect));
        Assert.Empty(server.Calls);
    }

    [Theory]
    [InlineData("""{"a":{"type":"string","x-mcp-header":""}}""")]
    [InlineData("""{"a":{"type":"string","x-mcp-header":"two words"}}""")]
    [InlineData("""{"a":{"type":"string","x-mcp-header":"a\r\nb"}}""")]
    [InlineData("""{"a":{"type":"string","x-mcp-header":"Ä"}}""")]
    [InlineData("""{"a":{"type":"string","x-mcp-header":7}}""")]
    [InlineData("""{"a":{"type":"string","x-mcp-header":null}}""")]
    [InlineData("""{"a":{"type":"number","x-mcp-header":"A"}}""")]
    [InlineData("""{"a":{"type":"object","x-mcp-header":"A"}}""")]
    [InlineData("""{"a":{"type":["string","number"],"x-mcp-header":"A"}}""")]
    [InlineData("""{"a":{"type":7,"x-mcp-header":"A"}}""")]
    [InlineData("""{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}""")]
    [InlineData("""{"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}""")]
    [InlineData("""{"a":{"anyOf":[{"type":"string","x-mcp-header":"A"}]}}""")]
    [InlineData("""{"a":{"type":"object","additionalProperties":{"type":"string","x-mcp-header":"A"}}}""")]
    [InlineData("""{"a":{"$defs":{"t":{"type":"string","x-mcp-header":"A"}}}}""")]
    [InlineData("""{"a":{"if":{"properties":{"b":{"type":"string","x-mcp-header":"A"}}}}}""")]
    public async Task Tool_with_an_invalid_annotation_is_left_out_of_the_list_and_not_called(string properties)
    {
        await using var server = await Annotated.StartAsync(properties);

        var list = await server.ListAsync();

        Assert.Equal(["plain"], list.Tools.Select(tool => tool.Name));
        Assert.Equal([new McpLeftOut(0, "tool", LeftOutReasons.InvalidHeader)], list.LeftOut);
        Assert.Equal(McpEffect.None, (await server.FailAsync("{}")).Effect);
        Assert.Empty(server.Calls);
    }

    [Theory]
    [InlineData("""{"a":{"type":"string","default":{"x-mcp-header":""}}}""")]
    [InlineData("""{"a":{"enum":[{"x-mcp-header":""}]}}""")]
    [InlineData("""{"x-mcp-header":{"type":"string"}}""")]
    [InlineData("""{"a":true}""")]
    public async Task What_only_looks_like_an_annotation_is_none(string properties)
    {
        await using var server = await Annotated.StartAsync(properties);

        Assert.Empty((await server.ListAsync()).LeftOut);
    }

    [Fact]
    public async Task Server_that_changed_its_mind_about_headers_is_asked_and_called_again()
    {
        await using var server = await Annotated.StartAsync("""{"region":{"type":"string"}}""");
        await server.CallAsync("""{"region":"here"}""");
        server.Properties = """{"region":{"type":"string","x-mcp-header":"Region"}}""";
        server.Required = "Mcp-Param-Region";

        await server.CallAsync("""{"region":"here"}""");

        Assert.Equal([null, null, "here"], server.Calls.Select(call => call["Mcp-Param-Region"]));
        Assert.Equal(2, server.Lists);
    }

    [Fact]
    public async Task Server_whose_tools_cannot_be_listed_is_called_all_the_same()
    {
        await using var server = await Annotated.StartAsync("""{"region":{"type":"string","x-mcp-header":"Region"}}""");
        server.ListStatus = 500;

        await server.CallAsync("""{"region":"here"}""");
        await server.CallAsync("""{"region":"here"}""");

        Assert.Equal((2, 1), (server.Calls.Count, server.Lists));
    }

    [Fact]
    public async Task Callers_who_may_not_list_do_not_ask_one_after_the_other()
    {
        await using var server = await Annotated.StartAsync("{}");
        server.ListStatus = 403;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.CallAsync("{}")));

        Assert.Equal((8, 1), (server.Calls.Count, server.Lists));
    }

    [Fact]
    public async Task Call_that_waits_for_the_listing_of_another_keeps_its_own_time_limit_and_was_not_sent()
    {
        var listing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = 0;
        await using var raw = await RawServer.StartAsync(async (http, message) =>
        {
            if (message["method"]?.ToString() == "tools/list")
            {
                listing.TrySetResult();
                await release.Task;
                await RawServer.ResultAsync(http, message, """{"tools":[]}""");
                return;
            }

            Interlocked.Increment(ref calls);
            await RawServer.ResultAsync(http, message, """{"content":[]}""");
        });
        await using var mcp = new McpHarness(options => options.LookUpTimeout = McpHarness.Patience);
        var first = mcp.CallAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("tool"));
        await listing.Task;

        var failure = await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("tool", timeout: TimeSpan.FromMilliseconds(300)), user: 2)
            .WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal((McpFailureCodes.TimedOut, McpEffect.None, 0), (failure.Code, failure.Effect, calls));
        release.SetResult();
        await first;
    }

    [Theory]
    [InlineData("größe", "=?base64?Z3LDtsOfZQ==?=")]
    [InlineData(" padded", "=?base64?IHBhZGRlZA==?=")]
    [InlineData("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?=")]
    [InlineData("plain", "plain")]
    public async Task Name_of_the_tool_is_encoded_and_not_dropped(string tool, string header)
    {
        await using var server = await Annotated.StartAsync("{}");

        await server.CallAsync("{}", tool);

        Assert.Equal(header, Assert.Single(server.Calls)["Mcp-Name"]);
        Assert.Equal(tool, McpHeaderEncoder.DecodeValue(header));
    }

    private static string With(string schema, string header)
    {
        var annotated = JsonNode.Parse(schema)!.AsObject();
        annotated["x-mcp-header"] = header;
        return annotated.ToJsonString();
    }

    /// <summary>A server with one tool whose parameters a test describes, and one without any.</summary>
    private sealed class Annotated : IAsyncDisposable
    {
        private readonly McpHarness _mcp = new();
        private RawServer _raw = null!;
        private int _lists;

        public string Properties { get; set; } = "{}";

        public string? Required { get; set; }

        public int ListStatus { get; set; } = 200;

        public int Lists => _lists;

        public ConcurrentQueue<Dictionary<string, string?>> Calls { get; } = new();

        public static async Task<Annotated> StartAsync(string properties)
        {
            var server = new Annotated { Properties = properties };
            server._raw = await RawServer.StartAsync(server.AnswerAsync);
            return server;
        }

        public Task<McpToolList> ListAsync() => _mcp.ListAllAsync(McpHarness.Server(_raw.Url), Token);

        public Task<McpToolResult> CallAsync(string arguments, string tool = "tool") =>
            _mcp.CallAsync(McpHarness.Server(_raw.Url), Token, McpHarness.Call(tool, JsonNode.Parse(arguments)));

        public Task<McpFailure> FailAsync(string arguments) =>
            _mcp.FailAsync(McpHarness.Server(_raw.Url), Token, McpHarness.Call("tool", JsonNode.Parse(arguments)));

        public async ValueTask DisposeAsync()
        {
            await _mcp.DisposeAsync();
            await _raw.DisposeAsync();
        }

        private async Task AnswerAsync(HttpContext http, JsonNode message)
        {
            if (message["method"]?.ToString() == "tools/list")
            {
                Interlocked.Increment(ref _lists);
                http.Response.StatusCode = ListStatus;
                if (ListStatus == 200)
                {
                    await RawServer.ResultAsync(http, message, $$$"""
                        {"tools":[{"name":"tool","inputSchema":{"type":"object","properties":{{{Properties}}}}},{"name":"plain","inputSchema":{}}]}
                        """);
                }

                return;
            }

            string[] names = ["Mcp-Name", "Mcp-Param-Region", "Mcp-Param-Zone", "Mcp-Param-N"];
            Calls.Enqueue(names.ToDictionary(name => name, name => http.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null));
            if (Required is { } header && !http.Request.Headers.ContainsKey(header))
            {
                http.Response.StatusCode = 400;
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync(
                    $$$"""{"jsonrpc":"2.0","id":{{{message["id"]!.ToJsonString()}}},"error":{"code":-32020,"message":"Header mismatch"}}""");
                return;
            }

            await RawServer.ResultAsync(http, message, """{"content":[]}""");
        }
    }
}
