using Executor.Http.Problems;
using Executor.Identity;
using Executor.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Executor.Http.Runs;

/// <summary>The query of a list of runs.</summary>
internal static class RunQuery
{
    public static Problem? Read(IQueryCollection query, out RunFilter filter)
    {
        filter = new RunFilter();
        if (query.TryGetValue("status", out var status))
        {
            if (Single(status) is not { } word || Status(word) is not { } value)
                return Problem.InvalidRequest("The query parameter \"status\" is not a status of runs");
            filter = filter with { Status = value };
        }

        if (query.TryGetValue("mcpServerId", out var server))
        {
            if (!McpServerId.TryParse(Single(server), out var id))
                return Problem.InvalidRequest("The query parameter \"mcpServerId\" is not an id of an MCP server");
            filter = filter with { Server = id };
        }

        if (query.TryGetValue("cursor", out var cursor))
        {
            if (Single(cursor) is not { } text || !RunCursor.TryRead(text, out var before))
                return Problem.InvalidRequest("The query parameter \"cursor\" is not a cursor of an earlier answer");
            filter = filter with { Before = before };
        }

        return null;
    }

    private static string? Single(StringValues values) => values.Count == 1 ? values[0] : null;

    private static RunStatus? Status(string word) => word switch
    {
        "pending" => RunStatus.Pending,
        "running" => RunStatus.Running,
        "awaiting-input" => RunStatus.AwaitingInput,
        "succeeded" => RunStatus.Succeeded,
        "failed" => RunStatus.Failed,
        "cancelled" => RunStatus.Cancelled,
        _ => null,
    };
}
