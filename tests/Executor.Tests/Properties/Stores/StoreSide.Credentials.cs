using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;
using Executor.Servers;

namespace Executor.Tests.Properties.Stores;

internal sealed partial class StoreSide
{
    private static readonly CredentialOptions Options = new();

    private async Task<string> DepositAsync(StoreStep step)
    {
        var key = Key(step.A);
        var deposit = new Deposit(
            new RefreshToken($"deposited-{step.B % 3}"),
            "https://auth.example/token",
            $"client-{step.C % 2}",
            step.C % 3 == 0 ? new ClientSecret("hush") : null,
            step.C % 6 == 0 ? _clock.GetUtcNow().AddMinutes(30) : null,
            ClientAuthMethod.Post,
            Scopes: null);
        var options = new CredentialChangeOptions(CreatesRow: true, DrawsGeneration: true, CountsLive: true);
        return _text.Of(await Host(step.B).Credentials.ChangeAsync(
            key, options, new DepositCredential(key, deposit, MaxPerUser: 2).DecideWith(_vault), default));
    }

    private async Task<string> DeleteAsync(StoreStep step) => _text.Of(await Host(step.B).Credentials.ChangeAsync(
        Key(step.A), new CredentialChangeOptions(DrawsGeneration: true), new DeleteCredential(Key(step.A)).Decide, default));

    private async Task<string> OpenAsync(StoreStep step)
    {
        var key = Key(step.A);
        var (node, host) = _nodes[step.B % _nodes.Count];
        var row = (await Host(host).Credentials.ReadAsync(key, default))?.Row;
        var open = new OpenIntent(
            new IntentId(NextId()),
            node,
            row?.Generation ?? Generation.None,
            DropsAccessToken: step.C % 5 == 0,
            Supersedes: step.C % 2 == 0 && row?.Intent is { } last ? [last] : [],
            RulesOf(key),
            new RetrySpacing(1),
            IsSuspect: other => _entered.IndexOf(other) % 2 == 0);
        var result = await Host(host).Credentials.ChangeAsync(
            key, new CredentialChangeOptions(Opener: node), ledger => open.Decide(ledger, _vault), default);
        if (result is not OpenIntentResult.Opened opened)
            return _text.Of(result) + result.GetType().Name;
        _permits.Add(opened);
        return $"opened {_text.Of(opened.Intent)} {opened.Token.Value} {opened.Secret?.Value}";
    }

    private async Task<string> SettleAsync(StoreStep step)
    {
        if (Pick(_permits, _permits.Count - 1 - Math.Min(step.A % 4, Math.Max(0, _permits.Count - 1))) is not { } permit)
            return "";
        var key = Key(step.C);
        foreach (var candidate in Enumerable.Range(0, Users * Servers.Length).Select(KeyAt))
        {
            // Mostly where it belongs, at times where it does not.
            if (step.C % 7 != 0 && await OwnsAsync(candidate, permit.Intent.Generation))
                key = candidate;
        }

        RefreshAnswer answer = (step.B % 10) switch
        {
            < 4 => new RefreshAnswer.Granted(
                new AccessToken($"access-{_ids}"), step.B % 10 == 0 ? null : new RefreshToken($"rotated-{++_ids}"), TimeSpan.FromSeconds(1234.5678)),
            4 => new RefreshAnswer.Refused(CredentialReason.Revoked),
            5 => new RefreshAnswer.Refused(CredentialReason.InvalidClient),
            6 => new RefreshAnswer.InDoubt(Answered: true, TimeSpan.FromSeconds(3)),
            7 => new RefreshAnswer.InDoubt(Answered: false),
            8 => new RefreshAnswer.NotSpent { Told = new BlockedReason("invalid_scope"), Mark = new RefusalMark("m") },
            _ => new RefreshAnswer.GivenUp(),
        };
        var settle = new SettleIntent(
            permit.Intent, permit.Token, answer, RulesOf(key), new RetrySpacing(1), new TokenLifetimes(Options, Jitter: 0.5));
        var options = new CredentialChangeOptions(DrawsGeneration: answer is RefreshAnswer.Granted);
        return _text.Of(await Host(step.A).Credentials.ChangeAsync(key, options, ledger => settle.Decide(ledger, _vault), default));
    }

    private async Task<string> LookAsync(int host, CredentialKey key)
    {
        var snapshot = await Host(host).Credentials.ReadAsync(key, default);
        var ledger = await Host(host).Credentials.ChangeAsync(
            key, new CredentialChangeOptions(CountsLive: true), ledger => new CredentialDecision<CredentialLedger>(ledger), default);
        return $"{_text.Of(snapshot?.Row)} {snapshot?.Now:O} | {_text.Of(ledger.Row)} {_text.Of(ledger.Intents)} "
            + $"{ledger.Now:O} {ledger.LiveOfUser} {ledger.NextGeneration} {ledger.OpenerGone}";
    }

    private async Task<string> FindUnresolvedAsync(StoreStep step) => _text.Of(await Host(step.C).Credentials.FindUnresolvedAsync(
        step.A % 3 == 0 ? null : Key(step.A), 1 + (step.B % 4), default));

    /// <summary>What a careful domain never does; nothing of it may stay.</summary>
    private async Task<string> DecideBadlyAsync(StoreStep step)
    {
        var (key, other) = (Key(step.A), Key(step.A + 1));
        var options = new CredentialChangeOptions(CreatesRow: step.C % 2 == 0, DrawsGeneration: true);
        return _text.Of(await Host(step.B).Credentials.ChangeAsync(
            key,
            options,
            ledger => (step.C % 3) switch
            {
                0 => throw new FormatException(),
                1 => new CredentialDecision<int>(1, new CredentialRow { Key = other, Generation = ledger.NextGeneration }),
                _ => new CredentialDecision<int>(2),
            },
            default));
    }

    private async Task<bool> OwnsAsync(CredentialKey key, Generation generation) =>
        (await _hosts[0].Credentials.ReadAsync(key, default))?.Row.Generation == generation;

    private static ReplayRules RulesOf(CredentialKey key) => new(
        key.Server.Value switch
        {
            "alpha" => RefreshReplay.Strict,
            "Beta" => RefreshReplay.NoRotation,
            _ => RefreshReplay.Grace(TimeSpan.FromSeconds(60)),
        },
        TimeSpan.FromSeconds(10),
        Options);
}

internal static class DepositExtensions
{
    public static Func<CredentialLedger, CredentialDecision<Generation?>> DecideWith(this DepositCredential deposit, CredentialVault vault) =>
        ledger => deposit.Decide(ledger, vault);
}
