using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;
using Executor.Servers;
using static Executor.Tests.Credentials.TransitionBench;

namespace Executor.Tests.Credentials;

/// <summary>What an answer changes: results, refusals, contested generations.</summary>
public sealed class SettlementTransitionTests
{
    private readonly TransitionBench _bench = new();

    public SettlementTransitionTests() => _bench.Deposit();

    [Fact]
    public void Success_makes_a_new_generation()
    {
        var before = _bench.Generation;
        var opened = _bench.MustOpen();

        Assert.Equal(SettleResult.Stored, _bench.Grant(opened, "rt-1"));

        Assert.NotEqual(before, _bench.Generation);
        Assert.Equal((CredentialState.Ready, "rt-1"), (_bench.State, _bench.StoredToken()));
        Assert.Equal(opened.Intent.Id, _bench.Row!.MintedBy);
    }

    [Fact]
    public void Success_stored_before_its_commit_was_heard_of_is_recognised()
    {
        var opened = _bench.MustOpen();
        _bench.Grant(opened, "rt-1");
        var generation = _bench.Generation;

        Assert.Equal(SettleResult.Stored, _bench.Grant(opened, "rt-1"));
        Assert.Equal(generation, _bench.Generation);
    }

    [Fact]
    public void Answer_without_a_refresh_token_keeps_the_current_one()
    {
        _bench.Settle(_bench.MustOpen(), new RefreshAnswer.Granted(new AccessToken("at"), null, null));

        Assert.Equal("rt-0", _bench.StoredToken());
        Assert.Null(_bench.Row!.KeptRefreshToken);
    }

    [Fact]
    public void Missing_lifetime_is_the_configured_default_and_a_huge_one_is_bounded()
    {
        _bench.Settle(_bench.MustOpen(), new RefreshAnswer.Granted(new AccessToken("at"), null, null));
        Assert.Equal(_bench.Now + _bench.Options.DefaultTokenLifetime, _bench.Row!.AccessTokenExpiresAt);

        _bench.Settle(_bench.MustOpen(), new RefreshAnswer.Granted(new AccessToken("at"), null, TimeSpan.FromDays(10_000)));
        Assert.Equal(_bench.Now + _bench.Options.MaxTokenLifetime, _bench.Row!.AccessTokenExpiresAt);
    }

    [Fact]
    public void Fenced_refusal_without_doubt_is_a_revocation()
    {
        _bench.Refuse(_bench.MustOpen());
        _bench.Confirm();

        Assert.Equal((CredentialState.NeedsReauth, CredentialReason.Revoked), (_bench.State, _bench.Row!.Reason));
    }

    [Fact]
    public void Refusal_after_a_doubt_is_an_unknown_outcome()
    {
        _bench.Doubt(_bench.MustOpen(), answered: true);
        _bench.Now += TimeSpan.FromMinutes(10);
        _bench.Refuse(_bench.MustOpen());
        _bench.Confirm();

        Assert.Equal((CredentialState.NeedsReauth, CredentialReason.OutcomeUnknown), (_bench.State, _bench.Row!.Reason));
    }

    [Fact]
    public void Refusal_of_a_token_that_is_being_processed_costs_nothing_but_a_pause()
    {
        _bench.Refuse(_bench.MustOpen());
        Assert.Equal(CredentialState.Unresolved, _bench.State);
        Assert.InRange(Assert.IsType<OpenIntentResult.Confirming>(_bench.Open()).For, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(6));

        _bench.Now += TimeSpan.FromSeconds(6);
        Assert.Equal(SettleResult.Stored, _bench.Grant(_bench.MustOpen(), "rt-1"));
        Assert.Equal((CredentialState.Ready, "rt-1"), (_bench.State, _bench.StoredToken()));
        Assert.Null(_bench.Row!.KeptRefreshToken); // no other answer brought a pair
        Assert.Null(_bench.Row!.ConfirmingSince);
    }

    [Fact]
    public void Confirmation_that_could_not_be_sent_is_tried_for_as_long_as_it_takes()
    {
        _bench.Refuse(_bench.MustOpen());
        for (var n = 0; n < 3; n++)
        {
            _bench.Now += TimeSpan.FromHours(1); // nobody was there, and then the server was not
            _bench.Settle(_bench.MustOpen(), new RefreshAnswer.NotSpent());
            Assert.Equal(CredentialState.Unresolved, _bench.State);
        }

        _bench.Now += TimeSpan.FromHours(1);
        _bench.Refuse(_bench.MustOpen());
        Assert.Equal((CredentialState.NeedsReauth, CredentialReason.Revoked), (_bench.State, _bench.Row!.Reason));
    }

    [Fact]
    public void Confirmation_in_doubt_is_repeated_for_ten_minutes()
    {
        _bench.Refuse(_bench.MustOpen());
        var begun = _bench.Now;
        while (_bench.Now - begun < TimeSpan.FromMinutes(9))
        {
            _bench.Now += TimeSpan.FromMinutes(3);
            _bench.Doubt(_bench.MustOpen(), answered: true);
            if (_bench.Now - begun < TimeSpan.FromMinutes(10))
                Assert.Equal(CredentialState.Unresolved, _bench.State);
        }

        _bench.Now = begun + TimeSpan.FromMinutes(10);
        Assert.IsType<OpenIntentResult.Moved>(_bench.Open());
        Assert.Equal((CredentialState.NeedsReauth, CredentialReason.OutcomeUnknown), (_bench.State, _bench.Row!.Reason));
    }

    [Fact]
    public void Refusals_of_the_current_and_of_the_kept_token_are_both_confirmed()
    {
        Contest();
        var tried = new List<string>();
        while (_bench.State is CredentialState.Ready or CredentialState.Unresolved)
        {
            var opened = _bench.MustOpen();
            tried.Add(opened.Token.Value);
            _bench.Refuse(opened);
            _bench.Now += TimeSpan.FromSeconds(6);
        }

        Assert.Equal(["rt-1", "rt-0", "rt-1", "rt-0"], tried);
        Assert.Equal((CredentialState.NeedsReauth, CredentialReason.OutcomeUnknown), (_bench.State, _bench.Row!.Reason));
    }

    [Fact]
    public void Dead_generation_is_not_redeemed_again()
    {
        _bench.Refuse(_bench.MustOpen());
        _bench.Confirm();

        Assert.IsType<OpenIntentResult.Moved>(_bench.Open());
    }

    [Fact]
    public void Refusal_waits_for_an_earlier_intent_that_is_still_listened_for()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        var first = _bench.MustOpen();
        var second = _bench.MustOpen(null, first.Intent.Id);

        _bench.Refuse(second);
        Assert.Equal(CredentialState.Unresolved, _bench.State);
        Assert.IsNotType<OpenIntentResult.Opened>(_bench.Open()); // and nobody redeems again meanwhile

        Assert.Equal(SettleResult.Stored, _bench.Grant(first, "rt-late"));
        Assert.Equal((CredentialState.Ready, "rt-late"), (_bench.State, _bench.StoredToken()));
    }

    [Fact]
    public void Recorded_refusal_becomes_final_when_the_last_earlier_intent_settles()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        var first = _bench.MustOpen();
        _bench.Refuse(_bench.MustOpen(null, first.Intent.Id));

        _bench.Doubt(first, answered: true);
        _bench.Confirm();

        Assert.Equal((CredentialState.NeedsReauth, CredentialReason.OutcomeUnknown), (_bench.State, _bench.Row!.Reason));
    }

    [Fact]
    public void Recorded_refusal_becomes_final_when_the_earlier_owner_is_gone()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        _bench.MustOpen(NodeA);
        _bench.Suspect.Add(NodeA);
        _bench.Now += TimeSpan.FromSeconds(10);
        _bench.Refuse(_bench.MustOpen(NodeB));
        Assert.Equal(CredentialState.Unresolved, _bench.State);

        _bench.Gone.Add(NodeA);
        _bench.Open(NodeB);
        _bench.Confirm(NodeB);

        Assert.Equal((CredentialState.NeedsReauth, CredentialReason.OutcomeUnknown), (_bench.State, _bench.Row!.Reason));
    }

    [Fact]
    public void Refusal_of_a_superseded_intent_proves_nothing()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        var first = _bench.MustOpen();
        var second = _bench.MustOpen(null, first.Intent.Id);

        _bench.Refuse(first);
        Assert.Equal(CredentialState.Refreshing, _bench.State);

        Assert.Equal(SettleResult.Stored, _bench.Grant(second, "rt-1"));
    }

    [Fact]
    public void Late_success_of_the_same_generation_revives_a_dead_credential()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        var first = _bench.MustOpen(NodeA);
        _bench.Suspect.Add(NodeA);
        _bench.Now += TimeSpan.FromSeconds(10);
        _bench.Gone.Add(NodeA);
        _bench.Refuse(_bench.MustOpen(NodeB));
        _bench.Confirm(NodeB);
        Assert.Equal(CredentialState.NeedsReauth, _bench.State);

        Assert.Equal(SettleResult.Stored, _bench.Grant(first, "rt-late"));
        Assert.Equal((CredentialState.Ready, "rt-late"), (_bench.State, _bench.StoredToken()));
    }

    [Fact]
    public void Late_second_answer_to_the_same_token_is_kept_instead_of_it()
    {
        var first = Contest();

        Assert.Equal(SettleResult.Kept, _bench.Grant(first, "rt-late"));

        Assert.Equal((CredentialState.Ready, "rt-1", "rt-late"), (_bench.State, _bench.StoredToken(), _bench.KeptToken()));
        _bench.Refuse(_bench.MustOpen());
        Assert.Equal("rt-late", _bench.MustOpen().Token.Value);
    }

    [Fact]
    public void Late_second_answer_revives_a_credential_that_was_given_up()
    {
        var first = Contest();
        _bench.Refuse(_bench.MustOpen());
        _bench.Refuse(_bench.MustOpen());
        _bench.Confirm();
        Assert.Equal(CredentialState.NeedsReauth, _bench.State);

        Assert.Equal(SettleResult.Kept, _bench.Grant(first, "rt-late"));

        Assert.Equal(CredentialState.Ready, _bench.State);
        Assert.Equal("rt-late", _bench.MustOpen().Token.Value);
    }

    [Fact]
    public void Late_second_answer_that_arrives_while_the_kept_token_is_tried_is_tried_next()
    {
        var first = Contest();
        _bench.Refuse(_bench.MustOpen());
        var kept = _bench.MustOpen();
        Assert.Equal("rt-0", kept.Token.Value);

        Assert.Equal(SettleResult.Kept, _bench.Grant(first, "rt-late"));
        _bench.Refuse(kept);

        Assert.Equal(CredentialState.Ready, _bench.State);
        Assert.Equal("rt-late", _bench.MustOpen().Token.Value);
    }

    [Theory]
    [InlineData("rt-0")] // no rotation
    [InlineData("rt-1")] // the same pair again
    public void Late_second_answer_that_brings_nothing_new_changes_nothing(string brought)
    {
        var first = Contest();

        Assert.Equal(SettleResult.Discarded, _bench.Grant(first, brought));

        Assert.Equal(("rt-1", "rt-0"), (_bench.StoredToken(), _bench.KeptToken()));
    }

    [Fact]
    public void Late_second_answer_changes_nothing_once_its_rival_has_refreshed_or_a_deposit_came()
    {
        var first = Contest();
        _bench.Grant(_bench.MustOpen(), "rt-2");
        Assert.Equal(SettleResult.Discarded, _bench.Grant(first, "rt-late"));
        Assert.Null(_bench.Row!.KeptRefreshToken);

        var second = Contest();
        _bench.Deposit("rt-new");
        Assert.Equal(SettleResult.Discarded, _bench.Grant(second, "rt-late"));
        Assert.Null(_bench.Row!.KeptRefreshToken);
    }

    /// <summary>Two intents of one generation, of which the second one is answered; the first is still listened for.</summary>
    private OpenIntentResult.Opened Contest()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        var first = _bench.MustOpen();
        Assert.Equal(SettleResult.Stored, _bench.Grant(_bench.MustOpen(null, first.Intent.Id), "rt-1"));
        return first;
    }

    [Fact]
    public void Repeated_deposit_ends_an_operators_error_but_no_doubt()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        _bench.Doubt(_bench.MustOpen());
        _bench.Now += TimeSpan.FromSeconds(30);
        _bench.Refuse(_bench.MustOpen(), CredentialReason.InvalidClient);
        Assert.Equal(CredentialState.OperatorError, _bench.State);

        _bench.Deposit();

        Assert.Equal(CredentialState.Unresolved, _bench.State);
    }

    [Fact]
    public void Not_spent_returns_to_ready_unless_an_earlier_intent_may_have_sent()
    {
        _bench.Settle(_bench.MustOpen(), new RefreshAnswer.NotSpent());
        Assert.Equal(CredentialState.Ready, _bench.State);

        _bench.Now += TimeSpan.FromMinutes(10);
        _bench.Doubt(_bench.MustOpen(), answered: true);
        _bench.Now += TimeSpan.FromMinutes(10);
        _bench.Settle(_bench.MustOpen(), new RefreshAnswer.NotSpent());
        Assert.Equal(CredentialState.Unresolved, _bench.State);
    }

    [Theory]
    [InlineData(CredentialReason.InvalidClient)]
    [InlineData(CredentialReason.UnauthorizedClient)]
    public void Client_refusal_is_an_operator_error_and_is_tried_again_later(CredentialReason reason)
    {
        _bench.Refuse(_bench.MustOpen(), reason);

        Assert.Equal((CredentialState.OperatorError, reason), (_bench.State, _bench.Row!.Reason));
        Assert.IsType<OpenIntentResult.BackOff>(_bench.Open());
        _bench.Now += TimeSpan.FromHours(1);
        Assert.IsType<OpenIntentResult.Opened>(_bench.Open());
    }

    [Fact]
    public void Contested_generation_keeps_the_redeemed_token_until_its_successor_has_refreshed_once()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        var first = _bench.MustOpen();
        _bench.Grant(_bench.MustOpen(null, first.Intent.Id), "rt-1");
        Assert.Equal("rt-0", _bench.KeptToken());

        _bench.Grant(_bench.MustOpen(), "rt-2");
        Assert.Null(_bench.Row!.KeptRefreshToken);
    }

    [Fact]
    public void Generation_that_fails_for_days_keeps_few_intents_and_stays_contested()
    {
        for (var attempt = 0; attempt < 500; attempt++)
        {
            _bench.Settle(_bench.MustOpen(), attempt % 2 == 0 ? new RefreshAnswer.InDoubt(true) : new RefreshAnswer.NotSpent());
            _bench.Now += TimeSpan.FromHours(2);
            Assert.InRange(_bench.Intents.Count, 1, 5);
        }

        _bench.Grant(_bench.MustOpen(), "rt-1");
        Assert.Equal("rt-0", _bench.KeptToken());
    }

    [Fact]
    public void Doubt_that_was_long_ago_is_not_forgotten()
    {
        for (var attempt = 0; attempt < 10; attempt++)
        {
            _bench.Settle(_bench.MustOpen(), attempt == 3 ? new RefreshAnswer.InDoubt(true) : new RefreshAnswer.NotSpent());
            _bench.Now += TimeSpan.FromHours(2);
        }

        _bench.Refuse(_bench.MustOpen());
        _bench.Confirm();

        Assert.Equal(CredentialReason.OutcomeUnknown, _bench.Row!.Reason);
    }

    [Fact]
    public void Refused_successor_of_a_contested_generation_tries_the_kept_token_before_it_gives_up()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        var first = _bench.MustOpen();
        _bench.Grant(_bench.MustOpen(null, first.Intent.Id), "rt-1");

        _bench.Refuse(_bench.MustOpen());
        var kept = _bench.MustOpen();
        Assert.Equal(("rt-0", true), (kept.Token.Value, kept.Intent.UsesKept));

        _bench.Grant(kept, "rt-2");
        Assert.Equal((CredentialState.Ready, "rt-2"), (_bench.State, _bench.StoredToken()));
    }

    [Fact]
    public void Refused_kept_token_ends_in_reauth_and_a_doubtful_one_is_tried_again()
    {
        _bench.Replay = RefreshReplay.Grace(TimeSpan.FromSeconds(60));
        var first = _bench.MustOpen();
        _bench.Grant(_bench.MustOpen(null, first.Intent.Id), "rt-1");
        _bench.Refuse(_bench.MustOpen());

        _bench.Doubt(_bench.MustOpen(), answered: true);
        Assert.Equal(CredentialState.Unresolved, _bench.State);
        _bench.Now += TimeSpan.FromMinutes(10);
        var again = _bench.MustOpen();
        Assert.Equal("rt-0", again.Token.Value);

        _bench.Refuse(again);
        _bench.Confirm();
        Assert.Equal((CredentialState.NeedsReauth, CredentialReason.OutcomeUnknown), (_bench.State, _bench.Row!.Reason));
    }

    [Fact]
    public void Repeated_deposit_changes_nothing_while_its_lineage_lives()
    {
        _bench.Grant(_bench.MustOpen(), "rt-1");
        var generation = _bench.Generation;

        Assert.Equal(generation, _bench.Deposit("rt-0"));
        Assert.Equal("rt-1", _bench.StoredToken());

        var opened = _bench.MustOpen();
        _bench.Deposit("rt-0");
        Assert.Equal(SettleResult.Stored, _bench.Grant(opened, "rt-2")); // not even an open intent
    }

    [Fact]
    public void Repeated_deposit_with_a_new_registration_keeps_the_rotated_token()
    {
        _bench.Refuse(_bench.MustOpen(), CredentialReason.InvalidClient);

        _bench.Deposit("rt-0", clientId: "app-2");

        Assert.Equal((CredentialState.Ready, "rt-0"), (_bench.State, _bench.StoredToken()));
        Assert.Equal("app-2", _bench.MustOpen().Client.ClientId);
    }

    [Fact]
    public void Repeated_deposit_of_a_dead_lineage_is_a_new_generation()
    {
        _bench.Refuse(_bench.MustOpen());
        _bench.Confirm();
        var dead = _bench.Generation;

        Assert.NotEqual(dead, _bench.Deposit("rt-0"));
        Assert.Equal(CredentialState.Ready, _bench.State);
    }

    [Fact]
    public void Delete_blanks_the_row_and_takes_a_generation()
    {
        var before = _bench.Generation;

        Assert.True(_bench.Delete());

        Assert.NotEqual(before, _bench.Generation);
        Assert.Equal(CredentialState.Absent, _bench.State);
        Assert.Null(_bench.Row!.RefreshToken);
        Assert.Null(_bench.Row!.Client);
        Assert.Null(_bench.Row!.Lineage);
    }

    [Fact]
    public void Registration_deposited_anew_is_tried_although_the_former_one_was_refused_beside_a_doubt()
    {
        _bench.Replay = RefreshReplay.NoRotation;
        _bench.Doubt(_bench.MustOpen());
        _bench.Now += TimeSpan.FromMinutes(5);
        _bench.Refuse(_bench.MustOpen(), CredentialReason.InvalidClient);
        Assert.Equal(CredentialState.OperatorError, _bench.State);

        _bench.Deposit(clientId: "mended");

        Assert.Equal(CredentialState.Unresolved, _bench.State);
        Assert.Equal("mended", _bench.MustOpen().Client.ClientId);
    }
}
