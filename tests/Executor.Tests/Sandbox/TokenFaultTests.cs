using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Tests.Sandbox;

public sealed class TokenFaultTests : SandboxTest
{
    [Fact]
    public async Task Drop_after_spending_leaves_the_client_with_a_spent_token()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(OAuthFault.DropAfterSpending());

        await Assert.ThrowsAsync<HttpRequestException>(() => Client.RefreshAsync(grant.RefreshToken));

        var lost = Assert.Single(Host.OAuth.Journal.Read());
        Assert.Equal((RequestStage.Dropped, GrantOutcome.Issued, true), (lost.Stage, lost.Outcome, lost.TokenSpent));
        Assert.Equal("invalid_grant", (await Client.RefreshAsync(grant.RefreshToken)).Error);
        Assert.Equal(1, Host.OAuth.Counters.RevokedFamilies);
    }

    [Fact]
    public async Task Drop_before_spending_leaves_the_token_good()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(OAuthFault.DropBeforeSpending());

        await Assert.ThrowsAsync<HttpRequestException>(() => Client.RefreshAsync(grant.RefreshToken));

        Assert.Equal(200, (await Client.RefreshAsync(grant.RefreshToken)).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Held_request_answers_when_released(bool afterSpending)
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(afterSpending ? OAuthFault.HangAfterSpending() : OAuthFault.HangBeforeSpending());
        var pending = Client.RefreshAsync(grant.RefreshToken);

        var held = Assert.Single(await Host.OAuth.WaitForHeldAsync());
        Assert.Equal(afterSpending, held.TokenSpent);
        Assert.False(pending.IsCompleted);
        Assert.Equal(1, Host.OAuth.Release(grantId: grant.GrantId));

        Assert.Equal(200, (await pending).Status);
        Assert.Equal(0, Host.OAuth.Counters.Held);
    }

    [Fact]
    public async Task Held_request_whose_client_goes_away_is_given_up_before_spending()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(OAuthFault.HangBeforeSpending());
        await GiveUpWhileHeldAsync(grant.RefreshToken);

        await Host.OAuth.WaitForRequestsAsync(r => r.Stage == RequestStage.Abandoned);
        Assert.Equal(200, (await Client.RefreshAsync(grant.RefreshToken)).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Late_processing_spends_the_token_after_the_client_has_gone(bool dropped)
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(dropped ? OAuthFault.LateAfterDrop() : OAuthFault.LateWhileHeld());
        if (dropped)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => Client.RefreshAsync(grant.RefreshToken));
            await Host.OAuth.WaitForHeldAsync();
        }
        else
        {
            await GiveUpWhileHeldAsync(grant.RefreshToken);
        }

        // A retry that wins the race, and is then punished for the late request.
        var retried = await Client.RefreshAsync(grant.RefreshToken);
        Assert.Equal(200, retried.Status);
        Assert.Equal(1, Host.OAuth.Release());
        await Host.OAuth.WaitForRequestsAsync(r => r.RevokedFamily);

        Assert.Equal("invalid_grant", (await Client.RefreshAsync(retried.RefreshToken!)).Error);
    }

    [Fact]
    public async Task Error_with_status_200_spends_nothing()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(OAuthFault.ErrorWithStatus200("bad_refresh_token"));

        var answer = await Client.RefreshAsync(grant.RefreshToken);

        Assert.Equal((200, "bad_refresh_token"), (answer.Status, answer.Error));
        Assert.Equal(200, (await Client.RefreshAsync(grant.RefreshToken)).Status);
    }

    [Fact]
    public async Task Busy_answers_carry_retry_after_until_cleared()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        var other = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(OAuthFault.Busy(429, "7") with { GrantId = grant.GrantId, Times = null });

        for (var i = 0; i < 3; i++)
        {
            using var busy = await Client.SendAsync(grant.RefreshToken);
            Assert.Equal((HttpStatusCode.TooManyRequests, 7), (busy.StatusCode, busy.Headers.RetryAfter!.Delta!.Value.Seconds));
        }

        Assert.Equal(200, (await Client.RefreshAsync(other.RefreshToken)).Status);
        Host.OAuth.ClearFaults();
        Assert.Equal(200, (await Client.RefreshAsync(grant.RefreshToken)).Status);
    }

    public static TheoryData<string, bool> UnreadableAnswers => new()
    {
        { "html", false }, { "html-spent", true }, { "truncated", true }, { "malformed", true }, { "5xx", false }, { "5xx-spent", true },
    };

    [Theory]
    [MemberData(nameof(UnreadableAnswers))]
    public async Task Unreadable_answer_spends_the_token_or_not_as_asked(string name, bool spent)
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.RotationWithoutFamilyKill);
        Host.OAuth.SetFault(name switch
        {
            "html" or "html-spent" => OAuthFault.Html(502, spent),
            "truncated" => OAuthFault.TruncatedJson(),
            "malformed" => OAuthFault.MalformedJson(),
            "5xx" => OAuthFault.ServerErrorBeforeSpending(),
            _ => OAuthFault.ServerErrorAfterSpending(),
        });

        await Assert.ThrowsAnyAsync<System.Text.Json.JsonException>(() => Client.RefreshAsync(grant.RefreshToken));

        Assert.Equal(spent, Assert.Single(Host.OAuth.Journal.Read()).TokenSpent);
        Assert.Equal(spent ? 400 : 200, (await Client.RefreshAsync(grant.RefreshToken)).Status);
    }

    [Fact]
    public async Task Huge_body_is_valid_json_of_the_size_asked_for()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(OAuthFault.HugeBody(3_000_000));

        var answer = await Client.RefreshAsync(grant.RefreshToken);

        Assert.NotNull(answer.RefreshToken);
        Assert.Equal(3_000_000, answer.Body.GetProperty("padding").GetString()!.Length);
    }

    [Fact]
    public async Task Slow_body_stops_half_way_until_released()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(OAuthFault.SlowBody());
        using var response = await Client.SendAsync(grant.RefreshToken);
        await Host.OAuth.WaitForHeldAsync();
        var body = response.Content.ReadAsStringAsync();
        Assert.False(body.IsCompleted);

        Host.OAuth.Release();

        Assert.EndsWith("}", await body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_records_who_follows_it()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        Host.OAuth.SetFault(OAuthFault.Redirect());
        using var response = await Client.SendAsync(grant.RefreshToken);
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal(0, Host.OAuth.Counters.RedirectsFollowed);

        using var http = new HttpClient();
        using var followed = await http.GetAsync(new Uri(Host.BaseAddress, response.Headers.Location!));

        Assert.Equal(1, Host.OAuth.Counters.RedirectsFollowed);
    }

    private async Task GiveUpWhileHeldAsync(string refreshToken)
    {
        using var giveUp = new CancellationTokenSource();
        var pending = Client.RefreshAsync(refreshToken, cancellationToken: giveUp.Token);
        await Host.OAuth.WaitForHeldAsync();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
    }
}
