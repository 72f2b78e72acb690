using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Runs.Transitions;
using Executor.Security;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Properties.Stores;

/// <summary>
/// One database and the processes on it, driven by steps through the domain's real transitions. What a step does depends on nothing
/// but the steps and the answers before it, so that two databases that agree are asked the same.
/// </summary>
internal sealed partial class StoreSide : IAsyncDisposable
{
    public const int Users = 3;
    public static readonly string[] Servers = ["alpha", "Beta", "\uffee", "😀"];

    private readonly StorageBackend _backend;
    private readonly SettableClock _clock;
    private readonly IStoreTroubles _troubles;
    private readonly StorageHost[] _hosts;
    private readonly CredentialVault _vault;
    private readonly StoreText _text;
    private readonly List<(NodeRef Node, int Host)> _nodes = [];
    private readonly List<NodeRef> _entered = [];
    private readonly List<OpenIntentResult.Opened> _permits = [];
    private readonly List<RunId> _runs = [];
    private readonly List<(RunClaim Claim, IReadOnlyList<StepRow> Steps)> _claims = [];
    private readonly Dictionary<RunClaim, KnownRun> _known = [];
    private int _ids;

    private StoreSide(StorageBackend backend, SettableClock clock, IStoreTroubles troubles, StorageHost[] hosts)
    {
        var keyring = Keyring.Create(TestTokens.EncryptionKey, []);
        (_backend, _clock, _troubles, _hosts) = (backend, clock, troubles, hosts);
        _vault = new CredentialVault(new SecretBox(keyring), new LineageHash(keyring));
        _text = new StoreText(_vault, _entered);
    }

    public StoreEars[] Ears { get; private set; } = [];

    /// <summary>A process was killed and another one took its place.</summary>
    public bool WasRestarted { get; private set; }

    public static async Task<StoreSide> OpenAsync(StorageBackend backend, IStoreTroubles troubles, int hosts)
    {
        var clock = new SettableClock();
        var opened = new StorageHost[hosts];
        for (var n = 0; n < hosts; n++)
            opened[n] = await backend.OpenAsync(clock);
        var side = new StoreSide(backend, clock, troubles, opened);
        side.Ears = [.. opened.Select(host => new StoreEars(host.Changes))];
        for (var n = 0; n < hosts; n++)
            await side.EnterAsync(n);
        return side;
    }

    public async Task<string> DoAsync(StoreStep step)
    {
        try
        {
            return await AnswerAsync(step);
        }
        catch (Exception failure) when (failure is InvalidOperationException or FormatException)
        {
            return failure.GetType().Name;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var ears in Ears)
            ears.Dispose();
        foreach (var host in _hosts)
            await host.DisposeAsync();
    }

    private StorageHost Host(int number) => _hosts[number % _hosts.Length];

    private static CredentialKey KeyAt(int place) =>
        new(UserId.From(1 + (place % Users)), McpServerId.From(Servers[place / Users % Servers.Length]));

    /// <summary>Often the same one: what is alone meets nothing.</summary>
    private static CredentialKey Key(int number) => KeyAt(number % 60 < 30 ? 0 : number);

    private static McpServerId Server(int number) => McpServerId.From(Servers[number % 2 == 0 ? 0 : number / 2 % Servers.Length]);

    private static T? Pick<T>(List<T> all, int number) => all.Count == 0 ? default : all[number % all.Count];

    /// <summary>Made up in order, as times are: the databases sort by it.</summary>
    private Guid NextId() => Guid.ParseExact(
        $"{_clock.GetUtcNow().ToUnixTimeMilliseconds():x12}70008000{++_ids:x12}", "N");

    private Task<string> AnswerAsync(StoreStep step) => step.Act switch
    {
        StoreAct.Deposit => DepositAsync(step),
        StoreAct.Delete => DeleteAsync(step),
        StoreAct.Open => OpenAsync(step),
        StoreAct.Settle => SettleAsync(step),
        StoreAct.Look => LookAsync(step.B, Key(step.A)),
        StoreAct.FindUnresolved => FindUnresolvedAsync(step),
        StoreAct.DecideBadly => DecideBadlyAsync(step),
        StoreAct.Insert => InsertAsync(step),
        StoreAct.FindReady => FindReadyAsync(step),
        StoreAct.Claim => ClaimAsync(step),
        StoreAct.Move => MoveAsync(step),
        StoreAct.Trigger => TriggerAsync(step),
        StoreAct.Cancel => CancelAsync(step),
        StoreAct.Release => ReleaseAsync(step),
        StoreAct.FindOwners => FindOwnersAsync(step),
        StoreAct.List => ListAsync(step),
        StoreAct.ReadRun => ReadRunAsync(step.B, Pick(_runs, step.A)),
        StoreAct.Prune => PruneAsync(step),
        StoreAct.Pass => PassAsync(step),
        _ => NodeAsync(step),
    };

    private Task<string> PassAsync(StoreStep step)
    {
        // Finer than what is kept, at times.
        _clock.Advance(TimeSpan.FromMilliseconds(new[] { 0.6, 1, 700, 5_000, 12_000, 121_000, 400_000, 3_700_000 }[step.A % 8]));
        return Task.FromResult("");
    }
}
