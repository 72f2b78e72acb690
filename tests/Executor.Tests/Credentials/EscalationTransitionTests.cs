using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;
using static Executor.Tests.Credentials.TransitionBench;

namespace Executor.Tests.Credentials;

/// <summary>The counting of a refusal, on the row alone.</summary>
public sealed class EscalationTransitionTests
{
    private static readonly RefusalMark Mark = new("a");
    private readonly TransitionBench _bench = new();

    public EscalationTransitionTests() => _bench.Deposit();

    [Fact]
    public void Three_refusals_within_a_minute_are_not_enough()
    {
        Refuse();
        Wait(20);
        Refuse();
        Wait(39);
        Assert.IsType<OpenIntentResult.BackOff>(_bench.Open()); // the third try waits for the minute
        Assert.Equal((CredentialState.Unresolved, 2), (_bench.State, _bench.Row!.Repeated!.Count));
    }

    [Fact]
    public void Third_refusal_after_a_minute_is_an_operators_error_and_its_doubt_stays()
    {
        RefuseThrice();

        Assert.Equal((CredentialState.OperatorError, CredentialReason.RefusedRepeatedly), (_bench.State, _bench.Row!.Reason));
        Assert.InRange(_bench.Row!.RetryAt!.Value - _bench.Now, TimeSpan.FromMinutes(54), TimeSpan.FromHours(1));
        _bench.Deposit("rt-0"); // the same lineage
        Assert.Equal(CredentialState.Unresolved, _bench.State);
    }

    [Fact]
    public void Refusals_that_take_turns_are_spaced_like_any_failures()
    {
        var (begun, sent) = (_bench.Now, 0);
        while (_bench.Now - begun < TimeSpan.FromHours(1))
        {
            _bench.Settle(_bench.MustOpen(), Doubt() with { Mark = new RefusalMark($"{sent % 2}") });
            sent++;
            _bench.Now = _bench.Row!.RetryAt!.Value;
        }

        Assert.InRange(sent, 15, 25);
    }

    [Fact]
    public void Refusal_without_a_code_is_tried_like_any_failure_for_an_hour_before_it_is_an_operators_error()
    {
        var (begun, sent) = (_bench.Now, 0);
        while (_bench.State != CredentialState.OperatorError)
        {
            _bench.Settle(_bench.MustOpen(), Doubt() with { Mark = RefusalMark.WithoutCode(403) });
            sent++;
            if (_bench.State == CredentialState.Unresolved)
                _bench.Now = _bench.Row!.RetryAt!.Value;
        }

        Assert.InRange(_bench.Now - begun, TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(65));
        Assert.InRange(sent, 15, 25);
    }

    [Fact]
    public void Success_clears_the_count_however_late()
    {
        var late = _bench.MustOpen();
        _bench.Settle(late, Doubt());
        Wait(61);
        Refuse();
        Wait(61);
        Refuse();
        Assert.Equal(CredentialState.OperatorError, _bench.State);

        _bench.Grant(late, "rt-1");

        Assert.Equal((CredentialState.Ready, null, null), (_bench.State, _bench.Row!.Repeated, _bench.Row!.WaitsFor));
    }

    [Fact]
    public void Count_of_an_older_generation_is_not_gone_on_with() => Assert.Equal(
        1, RepeatedRefusal.Next(new RepeatedRefusal(Mark, new Generation(1), 2, _bench.Now), Mark, new Generation(2), _bench.Now).Count);

    [Fact]
    public void Refusal_is_no_operators_error_while_an_earlier_intent_may_still_be_answered()
    {
        _bench.Replay = Executor.Servers.RefreshReplay.NoRotation;
        var listening = _bench.MustOpen();
        var second = _bench.MustOpen(NodeA, listening.Intent.Id);
        _bench.Settle(second, Doubt());
        for (var n = 0; n < 3; n++)
        {
            Wait(301);
            _bench.Settle(_bench.MustOpen(NodeA, listening.Intent.Id), Doubt());
        }

        Assert.Equal((CredentialState.Unresolved, 4), (_bench.State, _bench.Row!.Repeated!.Count));
        _bench.Settle(listening, new RefreshAnswer.InDoubt(Answered: false));
        Wait(301);
        _bench.Settle(_bench.MustOpen(), Doubt());
        Assert.Equal(CredentialState.OperatorError, _bench.State);
    }

    private static RefreshAnswer.InDoubt Doubt() => new(Answered: true) { Mark = Mark, Told = BlockedReason.Other };

    private void Wait(int seconds) => _bench.Now += TimeSpan.FromSeconds(seconds);

    private void Refuse() => _bench.Settle(_bench.MustOpen(), Doubt());

    private void RefuseThrice()
    {
        for (var n = 0; n < 3; n++)
        {
            Refuse();
            Wait(61);
        }
    }
}
