using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;
using Executor.Servers;
using static Executor.Tests.Credentials.TransitionBench;

namespace Executor.Tests.Credentials;

/// <summary>Who may send, and when: rules of intents, replay and gone owners.</summary>
public sealed class IntentTransitionTests
{
    private readonly TransitionBench _bench = new();

    public IntentTransitionTests() => _bench.Deposit();

    [Fact]
    public void Generation_with_an_open_intent_opens_no_second_one()
    {
        _bench.MustOpen();

        Assert.IsType<OpenIntentResult.Busy>(_bench.Open());
        Assert.IsType<OpenIntentResult.Busy>(_bench.Open(NodeB));
        Assert.Single(_bench.Intents);
    }

    [Fact]
    public void Intent_returns_the_token_of_the_row_that_it_changed()
    {
        var first = _bench.Generation;
        _bench.Deposit("rt-newer");

        Assert.IsType<OpenIntentResult.Moved>(_bench.Open(expected: first));
        Assert.Equal("rt-newer", _bench.MustOpen().Token.Value);
    }

    [Fact]
    public void Intent_whose_commit_outcome_was_unknown_is_found_by_its_id()
    {
        var id = IntentId.New();
        var opened = Assert.IsType<OpenIntentResult.Opened>(_bench.Open(id: id));
        var again = Assert.IsType<OpenIntentResult.Opened>(_bench.Open(id: id));

        Assert.Equal(opened.Intent, again.Intent);
        Assert.Equal(opened.Token, again.Token);
        Assert.Single(_bench.Intents);
    }

    [Fact]
    public void Node_written_down_as_gone_opens_no_intent()
    {
        _bench.Gone.Add(NodeA);

        Assert.IsType<OpenIntentResult.BackOff>(_bench.Open(NodeA));
        Assert.Equal(CredentialState.Ready, _bench.State);
    }

    [Fact]
    public void Rejected_access_token_is_dropped_by_the_intent()
    {
        _bench.Grant(_bench.MustOpen(), "rt-1");
        Assert.NotNull(_bench.Row!.AccessToken);

        _bench.Open(rejected: true);

        Assert.Null(_bench.Row!.AccessToken);
    }

    [Fact]
    public void Strict_suspicion_of_the_owner_redeems_nothing()
    {
        _bench.MustOpen();
        _bench.Suspect.Add(NodeA);
        _bench.Now += TimeSpan.FromHours(1);

        Assert.IsType<OpenIntentResult.Busy>(_bench.Open(NodeB));
    }

    [Theory]
    [InlineData(129, false)]
    [InlineData(131, true)]
    public void Strict_gone_owner_is_waited_for_until_its_deadline_and_a_margin(int seconds, bool redeems)
    {
        _bench.MustOpen();
        _bench.Gone.Add(NodeA);
        _bench.Now += TimeSpan.FromSeconds(seconds);

        Assert.Equal(redeems, _bench.Open(NodeB) is OpenIntentResult.Opened);
    }

    [Fact]
    public void Strict_owner_cannot_supersede_its_own_unanswered_intent()
    {
        var first = _bench.MustOpen();

        Assert.IsType<OpenIntentResult.Busy>(_bench.Open(supersedes: first.Intent.Id));
    }

    [Fact]
    public void Strict_unanswered_request_is_repeated_after_its_own_deadline_only()
    {
        var first = _bench.MustOpen();
        _bench.Now += TimeSpan.FromSeconds(1);
        _bench.Doubt(first, answered: false);

        Assert.Equal(CredentialState.Unresolved, _bench.State);
        _bench.Now += TimeSpan.FromSeconds(118);
        Assert.IsType<OpenIntentResult.BackOff>(_bench.Open());
        _bench.Now += TimeSpan.FromSeconds(2);
        Assert.IsType<OpenIntentResult.Opened>(_bench.Open());
    }

    [Theory]
    [InlineData(false, 119, false)]
    [InlineData(false, 121, true)]
    [InlineData(true, 40, true)]
    public void Abandoned_request_is_waited_for_once_the_window_has_passed(bool answered, int seconds, bool redeems)
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(30));
        _bench.Doubt(_bench.MustOpen(), answered);
        _bench.Now += TimeSpan.FromSeconds(seconds);

        Assert.Equal(redeems, _bench.Open() is OpenIntentResult.Opened);
    }

    [Fact]
    public void Strict_answer_in_doubt_is_repeated_after_a_back_off()
    {
        _bench.Doubt(_bench.MustOpen(), answered: true);

        Assert.IsType<OpenIntentResult.BackOff>(_bench.Open());
        _bench.Now += TimeSpan.FromSeconds(2);
        Assert.IsType<OpenIntentResult.Opened>(_bench.Open());
    }

    [Fact]
    public void Tolerant_owner_supersedes_its_unanswered_intent_inside_the_window()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(30));
        var first = _bench.MustOpen();
        _bench.Now += TimeSpan.FromSeconds(10);

        var second = _bench.MustOpen(null, first.Intent.Id);

        Assert.Equal(2, second.Intent.Ordinal);
        Assert.Equal(first.Token, second.Token);
    }

    [Fact]
    public void Tolerant_observer_redeems_on_suspicion()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        _bench.MustOpen();

        Assert.IsType<OpenIntentResult.Busy>(_bench.Open(NodeB));
        _bench.Suspect.Add(NodeA);
        _bench.Now += TimeSpan.FromSeconds(10);
        Assert.IsType<OpenIntentResult.Opened>(_bench.Open(NodeB));
    }

    [Fact]
    public void Owner_that_opened_an_intent_within_the_lease_lives_whatever_an_observer_suspects()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        _bench.Suspect.Add(NodeA);
        _bench.MustOpen();
        _bench.Now += TimeSpan.FromSeconds(9);

        Assert.IsType<OpenIntentResult.Busy>(_bench.Open(NodeB));
    }

    [Theory]
    [InlineData(30, 23, true)] // margin: a fifth of the window
    [InlineData(30, 25, false)]
    [InlineData(14, 11, true)]
    [InlineData(12, 11, false)] // not longer than the lease and the margin: strict from the start
    public void Tolerance_ends_a_margin_before_the_window(int window, int elapsed, bool redeems)
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(window));
        _bench.MustOpen();
        _bench.Suspect.Add(NodeA);
        _bench.Now += TimeSpan.FromSeconds(elapsed);

        Assert.Equal(redeems, _bench.Open(NodeB) is OpenIntentResult.Opened);
    }

    [Fact]
    public void Tolerance_is_counted_from_the_first_intent_of_the_generation()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(30));
        var first = _bench.MustOpen();
        _bench.Now += TimeSpan.FromSeconds(20);
        var second = _bench.MustOpen(null, first.Intent.Id);
        _bench.Now += TimeSpan.FromSeconds(5);

        Assert.IsType<OpenIntentResult.Busy>(_bench.Open(supersedes: second.Intent.Id));
    }

    [Fact]
    public void No_rotation_is_tolerant_without_a_window()
    {
        _bench.Replay = RefreshReplay.NoRotation;
        var first = _bench.MustOpen();
        _bench.Now += TimeSpan.FromHours(5);

        Assert.IsType<OpenIntentResult.Opened>(_bench.Open(supersedes: first.Intent.Id));
    }

    [Fact]
    public void Tolerant_doubt_is_repeated_inside_the_window_whatever_retry_after_says()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(30));
        var first = _bench.MustOpen();

        _bench.Settle(first, new RefreshAnswer.InDoubt(true, TimeSpan.FromMinutes(10)));

        Assert.True(_bench.Row!.RetryAt < _bench.Now + TimeSpan.FromSeconds(24));
    }

    [Fact]
    public void Deposit_closes_an_open_intent_and_its_late_result_changes_nothing()
    {
        var opened = _bench.MustOpen();
        _bench.Deposit("rt-new");

        Assert.Equal(SettleResult.Discarded, _bench.Grant(opened, "rt-late"));
        Assert.Equal(CredentialState.Ready, _bench.State);
        Assert.Equal("rt-new", _bench.StoredToken());
        Assert.Empty(_bench.Intents);
    }

    [Fact]
    public void Delete_is_not_undone_by_a_late_result()
    {
        var opened = _bench.MustOpen();
        _bench.Delete();

        Assert.Equal(SettleResult.Discarded, _bench.Grant(opened, "rt-late"));
        Assert.Equal(CredentialState.Absent, _bench.State);
        Assert.Null(_bench.Row!.RefreshToken);
    }

    [Fact]
    public void Without_a_turn_a_doubt_is_resolved_inside_its_window_only()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        _bench.Deposit();
        Assert.IsType<OpenIntentResult.NeedsTurn>(_bench.Open(hasTurn: false));
        Assert.Equal(CredentialState.Ready, _bench.State);

        _bench.Doubt(_bench.MustOpen());
        _bench.Now += TimeSpan.FromSeconds(10);
        _bench.Doubt(Assert.IsType<OpenIntentResult.Opened>(_bench.Open(hasTurn: false)));

        _bench.Now += TimeSpan.FromMinutes(10); // past the window, the back-off and the deadline
        Assert.IsType<OpenIntentResult.NeedsTurn>(_bench.Open(hasTurn: false));
        Assert.IsType<OpenIntentResult.Opened>(_bench.Open());
    }

    [Fact]
    public void Expired_client_secret_is_not_sent()
    {
        var world = new TransitionBench();
        var deposit = new Deposit(
            new RefreshToken("rt"), "https://idp.example/token", "app", new ClientSecret("s"), world.Now + TimeSpan.FromDays(1));
        var row = new DepositCredential(Key, deposit, 10)
            .Decide(new CredentialLedger(new CredentialRow { Key = Key }, [], world.Now, new Generation(1), false), world.Vault).Row!;
        var open = new OpenIntent(IntentId.New(), NodeA, row.Generation, false, [], world.Rules, new RetrySpacing(1), _ => false);

        var decision = open.Decide(new CredentialLedger(row, [], world.Now + TimeSpan.FromDays(2), Generation.None, false), world.Vault);

        Assert.IsType<OpenIntentResult.Moved>(decision.Result);
        Assert.Equal((CredentialState.OperatorError, CredentialReason.ClientSecretExpired), (decision.Row!.State, decision.Row.Reason));
    }
}
