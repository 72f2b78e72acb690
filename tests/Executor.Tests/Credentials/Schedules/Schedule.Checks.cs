using Executor.Credentials;
using Executor.Credentials.Transitions;
using Executor.Servers;

namespace Executor.Tests.Credentials.Schedules;

/// <summary>The rules, said once more and independently.</summary>
internal sealed partial class Schedule
{
    private readonly Dictionary<Generation, string> _generations = [];
    private int? _family;
    private string _deposited = "";
    private Generation _before;
    private (byte[]? Envelope, string? Token) _held;

    private void Do(Action action)
    {
        action();
        if (_bench.Generation != _before)
        {
            _before = _bench.Generation;
            Check(_generations.TryAdd(_before, Held() ?? ""), "A generation is used again");
        }

        Check(Held() is var held && (_generations[_before] == (held ?? "")), "The token changes without the generation");
        Check((held is null ? null : (int?)_provider.FamilyOf(held)) == _family, "A result overwrites a newer deposit or deletion");
        Check((_bench.State == CredentialState.Absent) == (held is null), "A row without a token is absent");
        CheckReauth();
    }

    private void CheckOpening(
        ScheduledNode node, OpenIntentResult.Opened opened, CredentialState state, IReadOnlyList<RefreshIntent> intents, IntentId[] overdue)
    {
        Check(state is not (CredentialState.Absent or CredentialState.NeedsReauth), "A dead generation is redeemed");
        Check(!node.Gone, "A node that is gone opens an intent");
        Check(_bench.State == CredentialState.Refreshing && _bench.Row!.Intent == opened.Intent.Id, "The intent is not the open one");
        Check(_bench.Intents[0].Ordinal == 1, "The first intent, which tells when the window began, is forgotten");
        Check(_bench.Intents.Select(i => i.Ordinal).Distinct().Count() == _bench.Intents.Count, "Two intents have one place in the chain");
        var tolerant = intents.Count == 0 || IsTolerant(intents[0].StartedAt);
        foreach (var other in intents.Where(i => i.Settlement == IntentSettlement.Unsettled))
        {
            var isOpen = state == CredentialState.Refreshing && other.Ordinal == intents[^1].Ordinal;
            Check(
                !tolerant || !isOpen || overdue.Contains(other.Id) || _bench.Suspect.Contains(other.Owner) || other.OwnerGone,
                "Two intents are open at once");
            Check(
                tolerant || (other.OwnerGone && _bench.Now >= other.StartedAt + _bench.Options.RedemptionDeadline + _bench.Options.ObserverMargin),
                "Strictly, the token is redeemed beside an intent that is not over");
        }
    }

    private void CheckSending(Redemption redemption)
    {
        Check(!redemption.Sent, "An intent is sent under twice");
        Check(
            redemption.Permit.Intent.UsesKept || _generations[redemption.Permit.Intent.Generation] == redemption.Permit.Token.Value,
            "An intent redeems the token of another generation");
        Check(
            !redemption.Permit.Intent.UsesKept || _provider.FamilyOf(redemption.Permit.Token.Value) == _family,
            "An intent redeems a kept token of another grant");
    }

    /// <summary>A spent token comes back to a provider that punishes it only where somebody's answer was lost.</summary>
    private void CheckProvider()
    {
        Check(
            _provider.Punished.TrueForAll(p => p.Spender.IsUnheard || p.Spender.IsTolerated || p.Replay.IsTolerated),
            "A grant is revoked for a replay, although the answer was heard");
        _provider.Punished.Clear(); // an answer that was as good as lost may be heard later
        Check(_faults || _provider.Replayed.Count == 0, "A spent token is replayed without a fault");
    }

    private void CheckReauth()
    {
        if (_bench.State != CredentialState.NeedsReauth)
            return;
        Check(_faults, "The user is asked to reconnect without a fault");
        Check(!_provider.Honours(Held()!, _bench.Now), "The user is asked to reconnect although the provider honours the token");
        Check(
            _bench.Row!.KeptRefreshToken is null || !_provider.Honours(_bench.KeptToken(), _bench.Now),
            "The user is asked to reconnect although the provider honours the kept token");
        Check(
            !_redemptions.Exists(r => !r.Settled && r.Node.Counts && r.Permit.Intent.Generation == _bench.Generation),
            "The user is asked to reconnect while an answer may still come");
    }

    private bool IsTolerant(DateTimeOffset first)
    {
        var window = _bench.Replay.Window;
        var margin = window / 5 > TimeSpan.FromSeconds(2) ? window / 5 : TimeSpan.FromSeconds(2);
        return _bench.Replay.Kind switch
        {
            RefreshReplayKind.NoRotation => true,
            RefreshReplayKind.Grace => window > Lease + margin && _bench.Now - first < window - margin,
            _ => false,
        };
    }

    private string? Held()
    {
        if (_bench.Row is { } row && row.RefreshToken != _held.Envelope)
            _held = (row.RefreshToken, row.RefreshToken is null ? null : _bench.StoredToken());
        return _held.Token;
    }

    private void Note(string what) => _trace.Add($"{_bench.Now:mm:ss.f} {_bench.Generation.Value} {_bench.State}: {what}");

    private void Check(bool holds, string rule)
    {
        if (!holds)
        {
            var trace = string.Join('\n', _trace.TakeLast(40));
            Assert.Fail($"{rule}. Seed {_seed}, faults {_faults}, {_kind} provider, {_bench.Replay.Kind} {_bench.Replay.Window}, {_bench.State}.\n{trace}");
        }
    }
}
