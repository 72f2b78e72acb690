using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;

namespace Executor.Tests.Credentials.Schedules;

/// <summary>The way of a request: intent, permit, network, provider, answer, settlement.</summary>
internal sealed partial class Schedule
{
    private void Open(ScheduledNode node)
    {
        var mine = _redemptions.Where(r => r.Node == node && !r.Settled && r.Permit.Intent.Generation == _bench.Generation).ToList();
        IntentId[] overdue = mine.Count > 0 && _bench.Rules.Patience is { } patience && mine.All(r => _bench.Now - r.OpenedAt >= patience)
            ? [.. mine.Select(r => r.Permit.Intent.Id)]
            : [];
        var id = IntentId.New();
        var before = (_bench.State, _bench.Intents);
        var result = _bench.Open(node.Self, id: id, supersedes: overdue);
        if (result is OpenIntentResult.Opened && _random.Next(4) == 0)
            result = _bench.Open(node.Self, id: id, supersedes: overdue); // its commit was not heard of
        Note($"{node.Self.Incarnation} opens: {result.GetType().Name}");
        if (result is not OpenIntentResult.Opened opened)
            return;
        CheckOpening(node, opened, before.State, before.Intents, overdue);
        var isTolerated = before.Intents.Count > 0 && IsTolerant(before.Intents[0].StartedAt);
        _redemptions.Add(new Redemption(node, opened, _bench.Now, isTolerated));
    }

    private void Proceed(Redemption redemption)
    {
        if (redemption is { Sent: false, Answer: null })
            Send(redemption);
        else if (redemption.Answer is { } answer && redemption.AnswerAt <= _bench.Now)
            Settle(redemption, answer);
        else if (_bench.Now - redemption.OpenedAt >= _bench.Options.RedemptionDeadline)
            Settle(redemption, new RefreshAnswer.InDoubt(Answered: false));
    }

    private void Send(Redemption redemption)
    {
        var intent = redemption.Permit.Intent;
        if (_bench.State != CredentialState.Refreshing || _bench.Generation != intent.Generation || _bench.Row!.Intent != intent.Id
            || _bench.Now - redemption.OpenedAt >= Lease / 3)
        {
            (redemption.Answer, redemption.AnswerAt) = (new RefreshAnswer.GivenUp(), _bench.Now);
            return;
        }

        CheckSending(redemption);
        redemption.Sent = true;
        var left = redemption.OpenedAt + _bench.Options.RedemptionDeadline - _bench.Now;
        var slow = _faults && !_calm && _random.Next(2) == 0;
        var arrives = slow ? _bench.Now + left * _random.NextDouble() : _bench.Now + TimeSpan.FromMilliseconds(100);
        redemption.AnswerTakes = slow ? TimeSpan.FromSeconds(Pick(0.1, 3, 30, 200)) : TimeSpan.FromMilliseconds(100);
        switch (_calm ? 0 : _random.Next(_faults ? 16 : 10))
        {
            case 9: // busy, and says so without a look at the token
                (redemption.Answer, redemption.AnswerAt) = (new RefreshAnswer.NotSpent(TimeSpan.FromSeconds(Pick(1, 20))), _bench.Now);
                return;
            case 10:
                (redemption.Answer, redemption.AnswerAt) = (new RefreshAnswer.Refused(CredentialReason.InvalidClient), _bench.Now);
                return;
            case 11: // lost on its way
                return;
            case 12: // the connection breaks, and the request goes on
                (redemption.Answer, redemption.AnswerAt) = (new RefreshAnswer.InDoubt(Answered: false), _bench.Now);
                break;
            case 13 or 14: // processed, and then an error page
                redemption.Overheard = new RefreshAnswer.InDoubt(Answered: true, TimeSpan.FromSeconds(Pick(1, 20, 60)));
                break;
            case 15: // processed, and the answer is lost
                redemption.AnswerLost = true;
                break;
        }

        redemption.ArrivesAt = arrives;
    }

    private void Settle(Redemption redemption, RefreshAnswer answer)
    {
        var generation = _bench.Generation;
        var result = _bench.Settle(redemption.Permit, answer);
        Note($"{redemption.Node.Self.Incarnation} settles {redemption.Permit.Intent.Ordinal} with {answer.GetType().Name}: {result}");
        redemption.Settled = true;
        redemption.AnswerLost |= answer is RefreshAnswer.InDoubt;
        Check(
            answer is not RefreshAnswer.Granted || result == SettleResult.Stored == (generation == redemption.Permit.Intent.Generation),
            "A success is stored if and only if its generation is current");
        if (_random.Next(4) != 0)
            return;
        var version = _bench.Row!.Version;
        _bench.Settle(redemption.Permit, answer); // its commit was not heard of
        Check(_bench.Row!.Version == version, "A result written twice changes the row twice");
    }

    private void Pass(TimeSpan time)
    {
        var until = _bench.Now + time;
        while (_redemptions.Where(r => r.ArrivesAt <= until).MinBy(r => r.ArrivesAt) is { } next)
        {
            _bench.Now = next.ArrivesAt!.Value > _bench.Now ? next.ArrivesAt.Value : _bench.Now;
            next.ArrivesAt = null;
            var granted = _provider.Redeem(next.Permit.Token.Value, _bench.Now, next, out var successor);
            Note($"provider: {next.Permit.Token.Value} of intent {next.Permit.Intent.Ordinal} {(granted ? $"-> {successor}" : "refused")}");
            CheckProvider();
            if (next.Answer is not null || next.AnswerLost)
                continue;
            next.Answer = next.Overheard ?? (granted
                ? new RefreshAnswer.Granted(new("at"), successor is null ? null : new(successor), TimeSpan.FromHours(1))
                : new RefreshAnswer.Refused(CredentialReason.Revoked));
            next.AnswerAt = _bench.Now + next.AnswerTakes;
            if (next.Overheard is not null || next.AnswerAt >= next.OpenedAt + _bench.Options.RedemptionDeadline)
                (next.AnswerLost, next.Answer) = (true, next.Overheard);
        }

        _bench.Now = until;
    }
}
