using Executor.Sandbox.OAuth;

namespace Executor.Sandbox.Control;

internal static class OAuthControl
{
    public static void MapGrants(this IEndpointRouteBuilder control, OAuthSandbox oauth)
    {
        control.MapPost("/grants", IResult (MintGrant mint) =>
        {
            if (mint.GrantId is { } id && oauth.Status(id) is not null)
                return TypedResults.Conflict();
            return TypedResults.Ok(oauth.Mint(mint));
        });
        control.MapGet("/grants/{id}", IResult (string id) => oauth.Status(id) is { } status ? TypedResults.Ok(status) : TypedResults.NotFound());
        control.MapDelete("/grants/{id}", (string id) => ControlRoutes.Found(oauth.Revoke(id)));
        control.MapDelete("/grants/{id}/access-tokens", (string id) => ControlRoutes.Found(oauth.RevokeAccessTokens(id)));
        control.MapPut(
            "/grants/{id}/behaviour", (string id, ProviderBehaviour behaviour) => ControlRoutes.Found(oauth.SetBehaviour(id, behaviour)));
    }

    public static void MapOAuthControl(this IEndpointRouteBuilder control, OAuthSandbox oauth)
    {
        var group = control.MapGroup("/oauth");
        group.MapPost("/faults", (OAuthFault fault) =>
        {
            oauth.SetFault(fault);
            return TypedResults.NoContent();
        });
        group.MapDelete("/faults", (string? grantId) =>
        {
            oauth.ClearFaults(grantId);
            return TypedResults.NoContent();
        });
        group.MapPost("/release", (ReleaseCommand command) => new Released(oauth.Release(command.Sequence, command.GrantId)));
        group.MapGet("/counters", () => oauth.Counters);
        group.MapGet("/journal", (long? after, [AsParameters] GrantRequestFilter filter) => oauth.Journal.Read(after ?? 0, filter.Matches));
        group.MapGet("/wait", ([AsParameters] WaitQuery query, [AsParameters] GrantRequestFilter filter, CancellationToken cancellationToken) =>
            ControlRoutes.WaitAsync(oauth.Journal, filter.Matches, query, cancellationToken));
    }
}

internal sealed record GrantRequestFilter(string? GrantId, Named<RequestStage>? Stage, Named<GrantOutcome>? Outcome)
{
    public bool Matches(GrantRequest request) =>
        (GrantId is null || GrantId == request.GrantId)
        && (Stage is null || Stage.Value.Is(request.Stage))
        && (Outcome is null || Outcome.Value.Is(request.Outcome));
}
