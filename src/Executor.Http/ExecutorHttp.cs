using System.Text.Json.Serialization;
using Executor.Http.Authentication;
using Executor.Http.Credentials;
using Executor.Http.Description;
using Executor.Http.Health;
using Executor.Http.Problems;
using Executor.Http.Runs;
using Executor.Http.Tools;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Executor.Http;

/// <summary>
/// The front end. Needs <c>ICredentials</c>, <c>IRuns</c>, <c>AuthorizedMcp</c>, <c>IMcpServerCatalog</c>, <c>IDatabaseHealth</c> and
/// <c>NodeState</c>.
/// </summary>
public static class ExecutorHttp
{
    public static IServiceCollection AddExecutorHttp(this IServiceCollection services, AuthenticationSettings authentication)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(authentication);
        services.AddSingleton(new TokenCache());
        services.AddSingleton<TokenValidator>();
        services.AddSingleton<RefusalLog>();

        // AddAuthentication without its data protection, which nothing here uses: it would read a key ring at each start, and write one
        // into the home directory where there is none.
        services.AddAuthenticationCore(authenticate => authenticate.DefaultScheme = SessionTokenHandler.Scheme);
        services.AddWebEncoders();
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, SessionTokenHandler>(SessionTokenHandler.Scheme, null);

        // Every path, known or not, asks for a token unless it says otherwise.
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder(SessionTokenHandler.Scheme).RequireAuthenticatedUser().Build());
        services.AddSingleton<DatabaseReadiness>();
        services.AddOverloadProtection();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ExecutorJson.Wire);
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.Encoder = ExecutorJson.Wire.Options.Encoder;
            json.SerializerOptions.MaxDepth = ExecutorJson.Wire.Options.MaxDepth;
            json.SerializerOptions.DefaultIgnoreCondition = ExecutorJson.Wire.Options.DefaultIgnoreCondition;
        });
        services.AddOpenApi("v1", openApi =>
        {
            openApi.AddDocumentTransformer<DescribeApi>();
            openApi.AddOperationTransformer<DescribeOperation>();
        });
        return services;
    }

    public static IApplicationBuilder UseExecutor(this IApplicationBuilder app) => app
        .UseMiddleware<ProblemMiddleware>()
        .UseRouting()
        .UseAuthentication()
        .UseAuthorization()
        .UseMiddleware<SameOriginMiddleware>()
        .UseMiddleware<QueryMiddleware>()
        .UseRateLimiter();

    public static IEndpointRouteBuilder MapExecutor(this IEndpointRouteBuilder routes)
    {
        routes.MapHealth();

        // One document, named whole: for any other name the framework would answer with a text that quotes it.
        routes.MapOpenApi("/openapi/v1.json").AllowAnonymous();

        var callers = routes.MapGroup("").Problems(StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable);
        callers.MapCredentials();
        callers.MapTools();
        callers.MapRuns();
        return routes;
    }
}
