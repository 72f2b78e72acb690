using System.Text.Json;
using System.Text.Json.Nodes;
using Executor.Servers;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Calls;

/// <summary><c>tools/list</c>, all pages of it.</summary>
internal static class ToolListing
{
    public static async Task<ToolListReader> SendAsync(Exchange exchange, McpOptions options)
    {
        var reader = new ToolListReader(options, exchange.HasHandshake);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        JsonElement? cursor = null;
        do
        {
            var parameters = cursor is { } here ? new JsonObject { ["cursor"] = JsonValue.Create(here) } : [];
            var page = await exchange.SendAsync(RequestMethods.ToolsList, parameters);
            Read(page, reader);
            cursor = NextCursor(page);
            if (cursor is { } next && !seen.Add(next.GetRawText()))
                throw new MalformedAnswerException("The MCP server's list of tools does not come to an end: it names a page again that it has shown.");
            // Pages may be empty, so that the number of tools does not bound the number of pages.
            if (seen.Count > options.MaxListPages)
                throw new MalformedAnswerException($"The MCP server's list of tools does not come to an end: it has more than {options.MaxListPages} pages.");
        }
        while (cursor is not null);

        return reader;
    }

    private static void Read(JsonElement page, ToolListReader reader)
    {
        if (page.ValueKind != JsonValueKind.Object || !page.TryGetProperty("tools", out var list) || list.ValueKind != JsonValueKind.Array
            || ResultTypes.KindOf(page) != ResultKind.Complete)
        {
            throw new MalformedAnswerException("The MCP server answered with something else than a list of tools.");
        }

        foreach (var entry in list.EnumerateArray())
            reader.Add(entry);
    }

    /// <summary>
    /// Null at the end. MCP says so by leaving it out, and since 2026-07-28 an empty one is a cursor like others. But servers whose
    /// language knows no absent text end their lists with an empty one. None is known to begin a page with it.
    /// </summary>
    private static JsonElement? NextCursor(JsonElement page)
    {
        if (!page.TryGetProperty("nextCursor", out var cursor))
            return null;
        return cursor.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String when cursor.ValueEquals("") => null,
            // Opaque: a number is sent back as it came.
            JsonValueKind.String or JsonValueKind.Number => cursor,
            _ => throw new MalformedAnswerException("The MCP server's list of tools goes on at something that is no cursor."),
        };
    }
}

internal sealed class TooManyToolsException : Exception;
