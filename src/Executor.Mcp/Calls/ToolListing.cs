using System.Text.Json;
using System.Text.Json.Nodes;
using Executor.Servers;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Calls;

/// <summary><c>tools/list</c>, all pages of it.</summary>
internal static class ToolListing
{
    public static async Task<IReadOnlyList<McpTool>> SendAsync(Exchange exchange, int maxTools)
    {
        var tools = new List<McpTool>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            var parameters = cursor is null ? [] : new JsonObject { ["cursor"] = cursor };
            var answer = await exchange.SendAsync(RequestMethods.ToolsList, parameters);
            var page = JsonSerializer.SerializeToElement(answer);
            Read(page, tools, maxTools);
            cursor = NextCursor(page);
            // Pages may be empty, so that the number of tools does not bound the number of pages.
            if (cursor is not null && (!seen.Add(cursor) || seen.Count > maxTools))
                throw new MalformedAnswerException("The MCP server's list of tools does not come to an end.");
        }
        while (cursor is not null);

        return tools;
    }

    private static void Read(JsonElement page, List<McpTool> tools, int maxTools)
    {
        if (page.ValueKind != JsonValueKind.Object || !page.TryGetProperty("tools", out var list) || list.ValueKind != JsonValueKind.Array)
            throw new MalformedAnswerException("The MCP server answered with something else than a list of tools.");
        foreach (var entry in list.EnumerateArray())
        {
            if (tools.Count == maxTools)
                throw new TooManyToolsException();
            tools.Add(Read(entry));
        }
    }

    private static McpTool Read(JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object || Text(entry, "name") is not { } name
            || !entry.TryGetProperty("inputSchema", out var schema) || schema.ValueKind != JsonValueKind.Object)
        {
            throw new MalformedAnswerException("The MCP server lists a tool without a name or an input schema.");
        }

        JsonElement? annotations = entry.TryGetProperty("annotations", out var hints) && hints.ValueKind == JsonValueKind.Object ? hints : null;
        return new McpTool(name, Text(entry, "title"), Text(entry, "description"), schema, annotations);
    }

    private static string? NextCursor(JsonElement page) => Text(page, "nextCursor");

    private static string? Text(JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

internal sealed class TooManyToolsException : Exception;
