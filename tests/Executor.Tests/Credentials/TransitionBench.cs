using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;
using Executor.Identity;
using Executor.Nodes;
using Executor.Security;
using Executor.Servers;

namespace Executor.Tests.Credentials;

/// <summary>One credential under the pure transitions: a ledger that is changed by decisions, as a store would.</summary>
internal sealed class TransitionBench
{
    public static readonly CredentialKey Key = new(UserId.From(7), McpServerId.From("crm"));
    public static readonly NodeRef NodeA = new("a", 1);
    public static readonly NodeRef NodeB = new("b", 2);

    private readonly List<RefreshIntent> _intents = [];
    private long _drawn;

    public TransitionBench()
    {
        var keyring = Keyring.Create(new string('a', 64), []);
        Vault = new CredentialVault(new SecretBox(keyring), new LineageHash(keyring));
    }

    public CredentialVault Vault { get; }

    public CredentialOptions Options { get; } = new();

    public RefreshReplay Replay { get; set; } = RefreshReplay.Strict;

    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public CredentialRow? Row { get; private set; }

    public HashSet<NodeRef> Gone { get; } = [];

    public HashSet<NodeRef> Suspect { get; } = [];

    public CredentialState State => Row?.State ?? CredentialState.Absent;

    public Generation Generation => Row?.Generation ?? Generation.None;

    public ReplayRules Rules => new(Replay, TimeSpan.FromSeconds(10), Options);

    public IReadOnlyList<RefreshIntent> Intents =>
        [.. _intents.Where(i => i.Generation == Generation).Select(i => i with { OwnerGone = Gone.Contains(i.Owner) })];

    public Generation Deposit(string token = "rt-0", string clientId = "app") =>
        Apply(l => new DepositCredential(Key, new Deposit(new RefreshToken(token), "https://idp.example/token", clientId), Options.MaxPerUser).Decide(l, Vault))!.Value;

    public bool Delete() => Apply(new DeleteCredential(Key).Decide);

    public OpenIntentResult Open(
        NodeRef? by = null, Generation? expected = null, IntentId? id = null, bool rejected = false, bool hasTurn = true, ProbeId? probe = null, params IntentId[] supersedes)
    {
        var open = new OpenIntent(
            id ?? IntentId.New(), by ?? NodeA, expected ?? Generation, rejected, supersedes, Rules, new RetrySpacing(1), Suspect.Contains)
        {
            HasTurn = hasTurn,
            Episode = Row?.Refusal.Episode ?? 0,
            Probe = probe,
        };
        return Apply(l => open.Decide(l, Vault), by ?? NodeA);
    }

    public OpenIntentResult.Opened MustOpen(NodeRef? by = null, params IntentId[] supersedes) =>
        Assert.IsType<OpenIntentResult.Opened>(Open(by, supersedes: supersedes));

    public SettleResult Settle(OpenIntentResult.Opened opened, RefreshAnswer answer)
    {
        var settle = new SettleIntent(
            opened.Intent, opened.Token, answer, Rules, new RetrySpacing(1), new TokenLifetimes(Options, 0));
        return Apply(l => settle.Decide(l, Vault));
    }

    public SettleResult Grant(OpenIntentResult.Opened opened, string refresh, string access = "at") =>
        Settle(opened, new RefreshAnswer.Granted(new AccessToken(access), new RefreshToken(refresh), TimeSpan.FromHours(1)));

    public SettleResult Refuse(OpenIntentResult.Opened opened, CredentialReason reason = CredentialReason.Revoked) =>
        Settle(opened, new RefreshAnswer.Refused(reason));

    /// <summary>The OAuth server stands by its refusal, as often as it is asked.</summary>
    public void Confirm(NodeRef? by = null)
    {
        for (var asked = 0; State == CredentialState.Unresolved && asked < 4; asked++)
        {
            Now += TimeSpan.FromSeconds(6);
            Refuse(MustOpen(by));
        }
    }

    public SettleResult Doubt(OpenIntentResult.Opened opened, bool answered = false) =>
        Settle(opened, new RefreshAnswer.InDoubt(answered));

    public string StoredToken()
    {
        Assert.True(Vault.TryOpenRefreshToken(Row!, out var token));
        return token.Value;
    }

    public string KeptToken()
    {
        Assert.True(Vault.TryOpenKeptToken(Row!, out var token));
        return token.Value;
    }

    public T Decide<T>(Func<CredentialLedger, CredentialDecision<T>> decide) => Apply(decide);

    private T Apply<T>(Func<CredentialLedger, CredentialDecision<T>> decide, NodeRef? opener = null)
    {
        Row ??= new CredentialRow { Key = Key };
        var decision = decide(new CredentialLedger(Row, Intents, Now, new Generation(++_drawn), opener is { } o && Gone.Contains(o)));
        if (decision.Row is { } row)
        {
            Row = row with { Version = Row.Version + 1 };
            foreach (var intent in decision.Intents ?? [])
            {
                _intents.RemoveAll(i => i.Id == intent.Id);
                _intents.Add(intent);
            }

            _intents.RemoveAll(i => decision.Forgotten?.Contains(i.Id) == true);
            _intents.RemoveAll(i => i.Generation != row.Generation);
            _intents.Sort((a, b) => a.Ordinal.CompareTo(b.Ordinal));
        }

        return decision.Result;
    }
}
