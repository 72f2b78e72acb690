using System.Globalization;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace Executor.Sandbox.Mcp;

/// <summary>The tools by name.</summary>
internal static class SandboxTools
{
    private const string NoArguments = """{"type":"object"}""";

    private const string EchoSchema = """{"type":"object","properties":{"text":{"type":"string"}}}""";

    private static readonly ToolAnnotations ReadOnly = new() { ReadOnlyHint = true };

    private static readonly ToolAnnotations Unsafe = new() { ReadOnlyHint = false, DestructiveHint = true, IdempotentHint = false };

    public static IReadOnlyList<SandboxTool> BuiltIn { get; } =
    [
        SandboxTool.Create("echo", "Returns its text.", EchoSchema, ReadOnly, EchoAsync),
        SandboxTool.Create(
            "add",
            "Adds two numbers.",
            """{"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]}""",
            new ToolAnnotations { ReadOnlyHint = true, IdempotentHint = true },
            AddAsync),
        SandboxTool.Create(
            "search", "Finds items.", """{"type":"object","properties":{"query":{"type":"string"}}}""", ReadOnly, SearchAsync),
        SandboxTool.Create(
            "wait",
            "Waits for some milliseconds, or until released.",
            """{"type":"object","properties":{"ms":{"type":"integer"}}}""",
            ReadOnly,
            WaitAsync),
        SandboxTool.Create(
            "fail", "Fails as a tool fails.", NoArguments, ReadOnly, _ => Done(SandboxTool.Text("It did not work.", isError: true))),
        SandboxTool.Create("crash", "Has its effect, then resets the connection.", NoArguments, Unsafe, CrashAsync),
        SandboxTool.Create(
            "create", "Has an effect each time it is called.", """{"type":"object","properties":{"name":{"type":"string"}}}""", Unsafe, CreateAsync),
        SandboxTool.Create(
            "big", "Returns a text of n bytes.", """{"type":"object","properties":{"n":{"type":"integer"}}}""", ReadOnly, BigAsync),
        SandboxTool.Create(
            "unauthorized",
            "Answers, in plain words, that something is unauthorized.",
            """{"type":"object","properties":{"isError":{"type":"boolean"}}}""",
            ReadOnly,
            UnauthorizedAsync),
    ];

    public static SandboxTool Numbered(int number) =>
        SandboxTool.Create($"tool_{number:D4}", "An echo, to make the list long.", EchoSchema, ReadOnly, EchoAsync);

    private static Task<CallToolResult> Done(CallToolResult result) => Task.FromResult(result);

    private static Task<CallToolResult> EchoAsync(ToolInvocation call)
    {
        var text = call.Text("text", "");
        return Done(SandboxTool.Text(text, new JsonObject { ["text"] = text }));
    }

    private static Task<CallToolResult> AddAsync(ToolInvocation call)
    {
        var sum = call.Number("a").GetValueOrDefault() + call.Number("b").GetValueOrDefault();
        return Done(SandboxTool.Text(sum.ToString(CultureInfo.InvariantCulture), new JsonObject { ["sum"] = sum }));
    }

    private static Task<CallToolResult> SearchAsync(ToolInvocation call)
    {
        var query = call.Text("query", "item");
        var items = new JsonArray();
        for (var i = 1; i <= 3; i++)
            items.Add(new JsonObject { ["id"] = $"{query}-{i}", ["name"] = $"{query} number {i}" });
        return Done(SandboxTool.Text($"3 items for {query}", new JsonObject { ["items"] = items }));
    }

    private static async Task<CallToolResult> WaitAsync(ToolInvocation call)
    {
        await call.Call.HoldAsync((int?)call.Number("ms"), call.Cancelled);
        return SandboxTool.Text("waited");
    }

    private static Task<CallToolResult> CrashAsync(ToolInvocation call)
    {
        call.Sandbox.CountEffect(call.IdempotencyKey);
        call.Call.Abort();
        return Done(SandboxTool.Text("nobody reads this"));
    }

    private static Task<CallToolResult> CreateAsync(ToolInvocation call)
    {
        var times = call.Sandbox.CountEffect(call.IdempotencyKey);
        var created = new JsonObject { ["name"] = call.Text("name", ""), ["idempotencyKey"] = call.IdempotencyKey, ["times"] = times };
        return Done(SandboxTool.Text("created", created));
    }

    private static Task<CallToolResult> BigAsync(ToolInvocation call) =>
        Done(SandboxTool.Text(new string('x', (int)(call.Number("n") ?? 1024))));

    // Clients that look for "401" in a text take this for a dead token, and run the tool again.
    private static Task<CallToolResult> UnauthorizedAsync(ToolInvocation call) =>
        Done(SandboxTool.Text(
            "The customer's portal said: 401 unauthorized.", isError: call.Text("isError", "").Equals("true", StringComparison.OrdinalIgnoreCase)));
}
