using System.Threading.RateLimiting;
using Executor.Http.Authentication;
using Executor.Http.Problems;
using Executor.Http.Tools;
using Executor.Identity;
using Executor.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Http;

/// <summary>
/// Bounds what is worked on at once. Beyond that a request waits in a bounded queue, and beyond the queue it is told to come back. An
/// overload then costs answers, not memory.
/// </summary>
internal static class Overload
{
    /// <summary>Requests that reach the database.</summary>
    public const string Work = "work";

    /// <summary>Requests that wait for an MCP server: each server has room of its own, so that a slow one holds up nothing else.</summary>
    public const string Upstream = "upstream";

    /// <summary>Waiting for one server, whose turns the gateway gives; a second queue before that one would only hide who waits.</summary>
    public const int UpstreamPerServer = 2048;

    /// <summary>Event streams, which last.</summary>
    public const string Streams = "streams";

    /// <summary>Requests of one user, of whatever kind: half of the room of any kind, so that nobody takes it all.</summary>
    public const int PerUser = 1024;

    public static IServiceCollection AddOverloadProtection(this IServiceCollection services) => services.AddRateLimiter(options =>
    {
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, UserId>(OfUser);
        options.AddConcurrencyLimiter(Work, limit => (limit.PermitLimit, limit.QueueLimit) = (256, 2048));
        options.AddPolicy(Upstream, PerServer);
        options.AddConcurrencyLimiter(Streams, limit => (limit.PermitLimit, limit.QueueLimit) = (2048, 0));
        options.RejectionStatusCode = 503;
        options.OnRejected = (rejected, _) => new ValueTask(Problem.ForStatus(503).ExecuteAsync(rejected.HttpContext));
    });

    private static RateLimitPartition<UserId> OfUser(HttpContext context) => context.User.Identity is CallerIdentity caller
        ? RateLimitPartition.GetConcurrencyLimiter(caller.User, _ => new ConcurrencyLimiterOptions { PermitLimit = PerUser })
        : RateLimitPartition.GetNoLimiter(default(UserId));

    /// <summary>There are as many limiters as servers are configured; whoever names another is told so without any wait.</summary>
    private static RateLimitPartition<string> PerServer(HttpContext context) =>
        ToolEndpoints.FindServer(context.Request, context.RequestServices.GetRequiredService<IMcpServerCatalog>()) is { } server
            ? RateLimitPartition.GetConcurrencyLimiter(
                server.Id.Value, _ => new ConcurrencyLimiterOptions { PermitLimit = UpstreamPerServer })
            : RateLimitPartition.GetNoLimiter("");
}
