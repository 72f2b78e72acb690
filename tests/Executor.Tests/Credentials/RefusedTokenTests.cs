using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;

namespace Executor.Tests.Credentials;

/// <summary>What a row remembers of tokens that an MCP server turns down, under the pure transitions.</summary>
public class RefusedTokenTests
{
    private readonly TransitionBench _bench = new();

    public RefusedTokenTests()
    {
        _bench.Deposit();
        _bench.Grant(_bench.MustOpen(), "rt-1");
    }

    private TokenRefusal Refusal => _bench.Row!.Refusal;

    [Fact]
    public void Rejections_cause_two_redemptions_and_then_a_pause()
    {
        Renew("rt-2");
        Renew("rt-3");
        Assert.False(Refusal.IsActive);

        Assert.IsType<OpenIntentResult.Moved>(_bench.Open(rejected: true));
        Assert.Equal(CredentialState.Ready, _bench.State);
        Assert.True(Refusal.IsActive);
        Assert.True(Refusal.Until - _bench.Now >= TimeSpan.FromSeconds(5));
        Assert.IsType<OpenIntentResult.Moved>(_bench.Open()); // nor for any other reason
    }

    [Fact]
    public void Refreshes_that_are_due_are_not_counted()
    {
        for (var n = 2; n < 12; n++)
        {
            _bench.Now = _bench.Row!.RefreshAt!.Value;
            Renew($"rt-{n}");
        }

        Assert.Equal(0, Refusal.Redemptions);
    }

    [Fact]
    public void Success_does_not_give_the_budget_back_and_time_does()
    {
        Renew("rt-2");
        Renew("rt-3");
        _bench.Now += TimeSpan.FromMinutes(30);
        Assert.IsType<OpenIntentResult.Moved>(_bench.Open(rejected: true));
        Accept();
        Assert.IsType<OpenIntentResult.Moved>(_bench.Open(rejected: true));
        Accept();
        _bench.Now += TimeSpan.FromMinutes(61);
        _bench.Grant(_bench.MustOpen(), "rt-4"); // due
        Renew("rt-5");
    }

    [Fact]
    public void Pauses_grow_from_seconds_to_an_hour_with_one_redemption_after_each()
    {
        Assert.True(Refuse());
        var lengths = new List<double>();
        for (var n = 2; n < 15; n++)
        {
            lengths.Add((Refusal.Until!.Value - _bench.Now).TotalSeconds);
            var probe = ProbeId.New();
            Assert.False(Take(probe));
            _bench.Now = Refusal.Until!.Value;
            Assert.True(Take(probe));
            Assert.False(Take(ProbeId.New()));
            Assert.IsType<OpenIntentResult.Moved>(Open(null));
            Assert.IsType<OpenIntentResult.Moved>(Open(ProbeId.New()));
            _bench.Grant(Assert.IsType<OpenIntentResult.Opened>(Open(probe)), $"rt-{n}");
            Assert.IsType<OpenIntentResult.Moved>(Open(probe)); // one
            Assert.False(Refuse(ProbeId.New())); // told already
            Assert.True(Refusal.Prober == probe);
            Refuse(probe);
        }

        Assert.Equal(5, lengths[0]);
        Assert.Equal(3600, lengths[^1]);
        Assert.Equal(lengths.Order(), lengths);
    }

    [Fact]
    public void Dead_prober_is_followed_by_another_and_by_a_pause_where_it_has_redeemed()
    {
        Refuse();
        _bench.Now = Refusal.Until!.Value;
        Assert.True(Take(ProbeId.New()));
        _bench.Now += TimeSpan.FromSeconds(60);
        var second = ProbeId.New();
        Assert.True(Take(second));
        _bench.Grant(Assert.IsType<OpenIntentResult.Opened>(Open(second)), "rt-2");
        _bench.Now += TimeSpan.FromSeconds(60);

        Assert.False(Take(ProbeId.New()));
        Assert.True(Refusal.Until > _bench.Now);
        Assert.Null(Refusal.Prober);
    }

    [Fact]
    public void Anything_but_a_401_ends_the_refusal_of_the_current_generation_only()
    {
        Refuse();
        var episode = Refusal.Episode;
        Assert.False(_bench.Decide(new AcceptToken(new Generation(99)).Decide));
        Assert.True(Refusal.IsActive);

        Accept();
        Assert.False(Refusal.IsActive);
        Assert.Equal(episode + 1, Refusal.Episode);
        Assert.False(_bench.Decide(new RefuseToken(new Generation(99), episode + 1, null, default).Decide));
        Assert.False(_bench.Decide(new RefuseToken(_bench.Generation, episode, null, default).Decide)); // from before
        Assert.False(Refusal.IsActive);
    }

    [Fact]
    public void Deposits_end_the_pause_and_not_the_budget()
    {
        Renew("rt-2");
        Renew("rt-3");
        Refuse();
        _bench.Deposit(); // the same token again
        Assert.False(Refusal.IsActive);
        Assert.Equal((1, 2), ((int)Refusal.Episode, Refusal.Redemptions));
        Assert.IsType<OpenIntentResult.Moved>(_bench.Open(rejected: true));

        _bench.Deposit("rt-new");
        Assert.False(Refusal.IsActive);
        _bench.Grant(_bench.MustOpen(), "rt-new-1"); // it has no token yet
        Assert.IsType<OpenIntentResult.Moved>(_bench.Open(rejected: true));

        _bench.Delete();
        Assert.Equal(2, Refusal.Redemptions);
    }

    [Fact]
    public void Doubt_is_resolved_whatever_the_MCP_server_refuses()
    {
        _bench.Now = _bench.Row!.RefreshAt!.Value;
        _bench.Doubt(_bench.MustOpen(), answered: true);
        Refuse();
        _bench.Now += TimeSpan.FromSeconds(3);

        _bench.Grant(_bench.MustOpen(), "rt-2");
        Assert.True(Refusal.IsActive);
    }

    private void Renew(string token) => _bench.Grant(Assert.IsType<OpenIntentResult.Opened>(_bench.Open(rejected: true)), token);

    private OpenIntentResult Open(ProbeId? probe) => _bench.Open(rejected: true, probe: probe);

    private bool Refuse(ProbeId? probe = null) =>
        _bench.Decide(new RefuseToken(_bench.Generation, Refusal.Episode, probe, new RefusalRules(0)).Decide);

    private bool Take(ProbeId probe) => _bench.Decide(new TakeProbe(probe, new RefusalRules(0)).Decide);

    private void Accept() => Assert.True(_bench.Decide(new AcceptToken(_bench.Generation).Decide));
}
