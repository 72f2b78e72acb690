using System.Threading.RateLimiting;
using Executor.Http.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Http;

/// <summary>
/// Bounds what is worked on at once: beyond it a request waits in a bounded queue, beyond that it is told to come back. An overload
/// then costs answers, not memory.
/// </summary>
internal static class Overload
{
    /// <summary>Requests that reach the database.</summary>
    public const string Work = "work";

    /// <summary>Requests that wait for an MCP server: room of their own, so that slow servers hold up nothing else.</summary>
    public const string Upstream = "upstream";

    /// <summary>Event streams, which last.</summary>
    public const string Streams = "streams";

    public static IServiceCollection AddOverloadProtection(this IServiceCollection services) => services.AddRateLimiter(options =>
    {
        options.AddConcurrencyLimiter(Work, limit => (limit.PermitLimit, limit.QueueLimit) = (256, 2048));
        options.AddConcurrencyLimiter(Upstream, limit => (limit.PermitLimit, limit.QueueLimit) = (1024, 1024));
        options.AddConcurrencyLimiter(Streams, limit => (limit.PermitLimit, limit.QueueLimit) = (2048, 0));
        options.RejectionStatusCode = 503;
        options.OnRejected = (rejected, _) => new ValueTask(Problem.ForStatus(503).ExecuteAsync(rejected.HttpContext));
    });
}
