using Executor.Sandbox.OAuth;

namespace Executor.Sandbox.Mcp;

internal static class McpRoutes
{
    public const string Path = "/mcp";

    public static void MapMcp(this IEndpointRouteBuilder routes, SandboxOptions options, McpSandbox sandbox, OAuthSandbox oauth)
    {
        var gate = new BearerGate(options, oauth);
        var dispatcher = new McpDispatcher(sandbox, options.McpProtocol, new ToolServer(sandbox, options.ToolPageSize));
        routes.MapPost(Path, (RequestDelegate)new McpEndpoint(sandbox, gate, dispatcher).PostAsync);
        routes.MapGet(Path, Guarded(gate, dispatcher.GetAsync));
        routes.MapDelete(Path, Guarded(gate, dispatcher.DeleteAsync));
    }

    private static RequestDelegate Guarded(BearerGate gate, RequestDelegate next) => http =>
    {
        var caller = gate.Check(http.Request);
        if (caller.Admitted)
            return next(http);
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        http.Response.Headers.WWWAuthenticate = BearerGate.Challenge(caller.Token);
        return Task.CompletedTask;
    };
}
