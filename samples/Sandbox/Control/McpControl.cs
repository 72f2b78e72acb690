using Executor.Sandbox.Mcp;

namespace Executor.Sandbox.Control;

internal static class McpControl
{
    public static void MapMcpControl(this IEndpointRouteBuilder control, McpSandbox mcp)
    {
        var group = control.MapGroup("/mcp");
        group.MapPost("/faults", (McpFault fault) =>
        {
            mcp.SetFault(fault);
            return TypedResults.NoContent();
        });
        group.MapDelete("/faults", () =>
        {
            mcp.ClearFaults();
            return TypedResults.NoContent();
        });
        group.MapPost("/release", (ReleaseCommand command) => new Released(mcp.Release(command.Sequence, command.GrantId)));
        group.MapGet("/counters", () => mcp.Counters);
        group.MapGet("/effects", () => mcp.Effects);
        group.MapGet("/journal", (long? after, [AsParameters] McpRequestFilter filter) => mcp.Journal.Read(after ?? 0, filter.Matches));
        group.MapGet("/wait", ([AsParameters] WaitQuery query, [AsParameters] McpRequestFilter filter, CancellationToken cancellationToken) =>
            ControlRoutes.WaitAsync(mcp.Journal, filter.Matches, query, cancellationToken));
        group.MapDelete("/sessions", async () =>
        {
            await mcp.CloseSessionsAsync();
            return TypedResults.NoContent();
        });
        group.MapPut("/tool-count", (ToolCountCommand command) =>
        {
            mcp.ToolCount = command.Count;
            return TypedResults.NoContent();
        });
    }
}

internal sealed record ToolCountCommand(int Count);

internal sealed record McpRequestFilter(string? GrantId, string? Method, string? Tool, Named<McpStage>? Stage)
{
    public bool Matches(McpRequest request) =>
        (GrantId is null || GrantId == request.GrantId)
        && (Method is null || Method == request.Method)
        && (Tool is null || Tool == request.Tool)
        && (Stage is null || Stage.Value.Is(request.Stage));
}
