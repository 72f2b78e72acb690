using Executor.Sandbox.OAuth;

namespace Executor.Demo;

/// <summary>The main job, end to end: park, reconnect, go on by itself; then the same after a revocation.</summary>
internal sealed class Scenario(DemoWorld world, Timeline timeline)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Timeline.Chapter("A run for a user who has never connected");
        var first = await world.User.StartRunAsync("Ada", cancellationToken);
        timeline.Event($"run {first} started");
        await ParksAsync(first, cancellationToken);
        timeline.Verify(world.Sandbox.OAuth.Counters.GrantRequests == 0, "the OAuth server has heard nothing");

        Timeline.Chapter("The user connects");
        var consent = world.Sandbox.OAuth.Mint(new MintGrant { User = "ada" });
        await world.User.DepositAsync(consent.RefreshToken, cancellationToken);
        timeline.Event("credential deposited over HTTP");
        await SucceedsAsync(first, "Ada", cancellationToken);
        timeline.Verify(world.Sandbox.OAuth.Counters.Issued == 1, "exactly one refresh was made");

        Timeline.Chapter("The user withdraws consent at the OAuth server");
        world.Sandbox.OAuth.Revoke(consent.GrantId);
        timeline.Event("grant revoked: its access and refresh tokens are dead");
        var second = await world.User.StartRunAsync("Grace", cancellationToken);
        timeline.Event($"run {second} started; a young access token, and then a refused refresh token, are each tried once more, seconds later");
        await ParksAsync(second, cancellationToken);
        timeline.Verify(world.Sandbox.OAuth.Counters.GrantRequests == 3, "the refresh was refused, and the refusal confirmed once");

        Timeline.Chapter("The user reconnects");
        var renewed = world.Sandbox.OAuth.Mint(new MintGrant { User = "ada" });
        await world.User.DepositAsync(renewed.RefreshToken, cancellationToken);
        timeline.Event("credential deposited over HTTP");
        await SucceedsAsync(second, "Grace", cancellationToken);
        timeline.Verify(
            world.Sandbox.OAuth.Counters.ReplaysOfSpentTokens == 0, "no spent refresh token was ever sent again");
    }

    private async Task ParksAsync(string run, CancellationToken cancellationToken)
    {
        var parked = await world.User.WatchUntilAsync(run, seen => seen.Status is not ("pending" or "running"), Patience, cancellationToken);
        timeline.Verify(
            parked is { Status: "awaiting-input", AwaitingInputReason: "needs-oauth-reauth" },
            "the run is parked: awaiting-input, needs-oauth-reauth");
    }

    private async Task SucceedsAsync(string run, string customer, CancellationToken cancellationToken)
    {
        var ended = await world.User.WatchUntilAsync(
            run, seen => seen.Status is "succeeded" or "failed" or "cancelled", Patience, cancellationToken);
        timeline.Verify(ended.Status == "succeeded", "the run woke by itself and succeeded");
        timeline.Verify(
            ended.LastText?.StartsWith($"{customer}: ", StringComparison.Ordinal) == true,
            $"its last step was given the input and the first step's result: \"{ended.LastText}\"");
    }
}
