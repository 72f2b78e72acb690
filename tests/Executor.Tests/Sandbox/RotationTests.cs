using Executor.Sandbox.OAuth;

namespace Executor.Tests.Sandbox;

public sealed class RotationTests : SandboxTest
{
    [Fact]
    public async Task Strict_reuse_of_a_spent_token_kills_the_newest_token_and_its_access_tokens()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Strict);
        var first = await Client.RefreshAsync(grant.RefreshToken);
        Assert.NotNull(Host.OAuth.Status(grant.GrantId));
        Assert.NotNull(first.RefreshToken);

        var reuse = await Client.RefreshAsync(grant.RefreshToken);
        var newest = await Client.RefreshAsync(first.RefreshToken);

        Assert.Equal((400, "invalid_grant"), (reuse.Status, reuse.Error));
        Assert.Equal("invalid_grant", newest.Error);
        Assert.Null(Host.OAuth.UseAccessToken(first.AccessToken!));
        Assert.Equal(1, Host.OAuth.Counters.RevokedFamilies);
        Assert.Equal(1, Host.OAuth.Counters.ReplaysOfSpentTokens);
        var journal = Host.OAuth.Journal.Read();
        Assert.Equal([0, 0, 1], journal.Select(r => r.Generation!.Value));
        Assert.Equal([false, true, false], journal.Select(r => r.Replay));
        Assert.True(journal[1].RevokedFamily);
    }

    [Fact]
    public async Task Rotation_without_family_kill_refuses_the_old_token_and_keeps_the_new_one()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.RotationWithoutFamilyKill);
        var first = await Client.RefreshAsync(grant.RefreshToken);

        Assert.Equal("invalid_grant", (await Client.RefreshAsync(grant.RefreshToken)).Error);
        Assert.Equal(200, (await Client.RefreshAsync(first.RefreshToken!)).Status);
    }

    [Fact]
    public async Task Grace_with_a_new_pair_lets_both_replacements_live()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Grace(30));
        var first = await Client.RefreshAsync(grant.RefreshToken);
        Time.Advance(TimeSpan.FromSeconds(29));

        var again = await Client.RefreshAsync(grant.RefreshToken);

        Assert.NotEqual(first.RefreshToken, again.RefreshToken);
        Assert.Equal(200, (await Client.RefreshAsync(again.RefreshToken!)).Status);
        Assert.Equal(200, (await Client.RefreshAsync(first.RefreshToken!)).Status);
    }

    [Fact]
    public async Task Grace_with_the_same_pair_repeats_the_answer()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Grace(30, GraceAnswer.SamePair));
        var first = await Client.RefreshAsync(grant.RefreshToken);
        var again = await Client.RefreshAsync(grant.RefreshToken);

        Assert.Equal((first.AccessToken, first.RefreshToken), (again.AccessToken, again.RefreshToken));
        Assert.Equal(GrantOutcome.IssuedAgain, Host.OAuth.Journal.Read()[1].Outcome);
    }

    [Fact]
    public async Task Grace_ends_with_its_window_and_then_kills_the_family()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Grace(30));
        var first = await Client.RefreshAsync(grant.RefreshToken);
        Time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal("invalid_grant", (await Client.RefreshAsync(grant.RefreshToken)).Error);
        Assert.Equal("invalid_grant", (await Client.RefreshAsync(first.RefreshToken!)).Error);
    }

    [Fact]
    public async Task Grace_tolerates_only_the_immediately_previous_token()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.Grace(30, reuseRevokesFamily: false));
        var first = await Client.RefreshAsync(grant.RefreshToken);
        await Client.RefreshAsync(first.RefreshToken!);

        Assert.Equal("invalid_grant", (await Client.RefreshAsync(grant.RefreshToken)).Error);
        Assert.Equal(200, (await Client.RefreshAsync(first.RefreshToken!)).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Acknowledge_on_use_keeps_the_old_token_until_the_replacement_is_used(bool byAccessToken)
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.AcknowledgeOnUse);
        await Client.RefreshAsync(grant.RefreshToken);
        Time.Advance(TimeSpan.FromDays(1));
        var again = await Client.RefreshAsync(grant.RefreshToken);
        Assert.Equal(200, again.Status);

        if (byAccessToken)
            Assert.NotNull(Host.OAuth.UseAccessToken(again.AccessToken!));
        else
            Assert.Equal(200, (await Client.RefreshAsync(again.RefreshToken!)).Status);

        Assert.Equal("invalid_grant", (await Client.RefreshAsync(grant.RefreshToken)).Error);
    }

    [Fact]
    public async Task Kills_newest_keeps_oldest_invalidates_the_replacement_and_goes_on_accepting_the_previous_token()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.KillsNewestKeepsOldest(30));
        var first = await Client.RefreshAsync(grant.RefreshToken);
        await Client.RefreshAsync(grant.RefreshToken);

        Assert.Equal("invalid_grant", (await Client.RefreshAsync(first.RefreshToken!)).Error);
        Assert.Equal(200, (await Client.RefreshAsync(grant.RefreshToken)).Status);
    }

    [Fact]
    public async Task No_rotation_repeats_the_token_or_leaves_it_out()
    {
        var same = Host.OAuth.Mint(ProviderBehaviour.NoRotation);
        var omitted = Host.OAuth.Mint(ProviderBehaviour.NoRotationOmitted);

        Assert.Equal(same.RefreshToken, (await Client.RefreshAsync(same.RefreshToken)).RefreshToken);
        Assert.Null((await Client.RefreshAsync(omitted.RefreshToken)).RefreshToken);
        Assert.Equal(200, (await Client.RefreshAsync(omitted.RefreshToken)).Status);
        Assert.Equal(0, Host.OAuth.Counters.ReplaysOfSpentTokens);
    }

    [Fact]
    public async Task Refresh_that_kills_access_tokens_leaves_only_the_newest()
    {
        var grant = Host.OAuth.Mint(ProviderBehaviour.SingleAccessToken);
        var answer = await Client.RefreshAsync(grant.RefreshToken);

        Assert.Null(Host.OAuth.UseAccessToken(grant.AccessToken));
        Assert.NotNull(Host.OAuth.UseAccessToken(answer.AccessToken!));
    }

    [Fact]
    public async Task Expires_in_takes_the_form_asked_for()
    {
        var text = Host.OAuth.Mint(ProviderBehaviour.Strict with { ExpiresIn = ExpiresInForm.Text, AccessTokenSeconds = 90 });
        var omitted = Host.OAuth.Mint(ProviderBehaviour.Strict with { ExpiresIn = ExpiresInForm.Omitted });

        Assert.Equal("90", (await Client.RefreshAsync(text.RefreshToken)).Body.GetProperty("expires_in").GetString());
        Assert.False((await Client.RefreshAsync(omitted.RefreshToken)).Body.TryGetProperty("expires_in", out _));
    }

    [Fact]
    public async Task Client_secret_basic_is_form_url_decoded()
    {
        var grant = Host.OAuth.Mint(new MintGrant { ClientId = "a:b", ClientSecret = "s p+%/" });

        var wrong = await Client.RefreshAsync(grant.RefreshToken, basic: "a%3Ab:s p+%/");
        var right = await Client.RefreshAsync(grant.RefreshToken, basic: "a%3Ab:s+p%2B%25%2F");

        Assert.Equal((401, "invalid_client"), (wrong.Status, wrong.Error));
        Assert.Equal(200, right.Status);
        Assert.All(Host.OAuth.Journal.Read(), r => Assert.Equal((ClientAuthMethod.ClientSecretBasic, "a:b"), (r.AuthMethod, r.ClientId)));
    }
}
