using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Storage;

/// <summary>A test on an empty database with a clock that stands still.</summary>
public abstract class StorageTest : IAsyncLifetime
{
    private StorageHost? _host;

    private protected SettableClock Clock { get; } = new();

    private protected StorageBackend Backend { get; private set; } = null!;

    private protected StorageHost Host => _host!;

    private protected ICredentialStore Credentials => Host.Credentials;

    private protected IRunStore Runs => Host.Runs;

    private protected INodeRegistry Nodes => Host.Nodes;

    private protected static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync()
    {
        Backend = await CreateBackendAsync();
        _host = await Backend.OpenAsync(Clock);
    }

    public async Task DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        await Backend.DisposeAsync();
    }

    protected abstract Task<StorageBackend> CreateBackendAsync();

    private protected static CredentialKey Key(long user, string server = "github") =>
        new(UserId.From(user), McpServerId.From(server));

    /// <summary>Closes the host and opens another one on the same database.</summary>
    private protected async Task RestartAsync()
    {
        await _host!.DisposeAsync();
        _host = await Backend.OpenAsync(Clock);
    }

    private protected Task<Generation> DepositAsync(CredentialKey key, Func<CredentialRow, CredentialRow>? shape = null) =>
        Credentials.ChangeAsync(
            key,
            new CredentialChangeOptions(CreatesRow: true, DrawsGeneration: true),
            ledger =>
            {
                var row = ledger.Row! with
                {
                    Generation = ledger.NextGeneration,
                    State = CredentialState.Ready,
                    RefreshToken = [1, 2, 3],
                    Client = new ClientRegistration("https://auth.example/token", null, null, null, ClientAuthMethod.None, null),
                };
                return new CredentialDecision<Generation>(ledger.NextGeneration, shape?.Invoke(row) ?? row);
            },
            None);

    /// <summary>Opens an intent for <paramref name="owner"/>; false when it may not.</summary>
    private protected Task<bool> OpenIntentAsync(CredentialKey key, NodeRef owner, int ordinal = 1, IntentId? id = null) =>
        Credentials.ChangeAsync(
            key,
            new CredentialChangeOptions(Opener: owner),
            ledger =>
            {
                if (ledger.OpenerGone)
                    return new CredentialDecision<bool>(false);
                var intent = new RefreshIntent
                {
                    Id = id ?? IntentId.New(),
                    Generation = ledger.Row!.Generation,
                    Ordinal = ordinal,
                    Owner = owner,
                    StartedAt = ledger.Now,
                    Deadline = ledger.Now.AddSeconds(120),
                };
                var row = ledger.Row with { State = CredentialState.Refreshing, Intent = intent.Id };
                return new CredentialDecision<bool>(true, row, [intent]);
            },
            None);

    private protected async Task<CredentialRow> RowAsync(CredentialKey key) => (await Credentials.ReadAsync(key, None))!.Row;

    private protected Task<IReadOnlyList<RefreshIntent>> IntentsAsync(CredentialKey key) =>
        Credentials.ChangeAsync(key, default, ledger => new CredentialDecision<IReadOnlyList<RefreshIntent>>(ledger.Intents), None);

    private protected RunRow NewRow(long user, int steps = 1, DateTimeOffset? createdAt = null) => new()
    {
        Id = new RunId(Guid.CreateVersion7(createdAt ?? Clock.GetUtcNow())),
        User = UserId.From(user),
        Name = "nightly",
        Input = """{"a":"\u0000ü"}""",
        StepCount = steps,
        NextServer = McpServerId.From("github"),
        CreatedAt = createdAt ?? Clock.GetUtcNow(),
        UpdatedAt = createdAt ?? Clock.GetUtcNow(),
    };

    private protected static StepDefinition[] Steps(int count, string server = "github") =>
        Enumerable.Range(0, count)
            .Select(n => new StepDefinition($"step-{n}", McpServerId.From(server), "search", "{}", null, OnUnknown.ByAnnotations))
            .ToArray();

    private protected async Task<RunRow> InsertRunAsync(
        long user, Func<RunRow, RunRow>? shape = null, int steps = 1, string server = "github", DateTimeOffset? createdAt = null)
    {
        var row = NewRow(user, steps, createdAt) with { NextServer = McpServerId.From(server) };
        row = shape?.Invoke(row) ?? row;
        Assert.IsType<RunInsertion.Inserted>(await Runs.InsertAsync(row, Steps(steps, server), null, None));
        return row;
    }

    private protected async Task<RunRow> RunAsync(RunId id) => (await Runs.ReadAsync(id, None))!.Run;

    private protected Task<bool> ChangeRunAsync(RunId id, Func<RunRow, RunRow> change, params StepRow[] steps) =>
        Runs.ChangeAsync(id, null, ledger => new RunDecision<bool>(true, change(ledger.Run!), steps), None);

    /// <summary>Parks the run on a credential that is as <paramref name="seen"/>; false when it is so no longer.</summary>
    private protected Task<bool> ParkAsync(RunId id, CredentialSeen seen) =>
        Runs.ChangeAsync(
            id,
            seen,
            ledger => ledger.StillAsSeen
                ? new RunDecision<bool>(true, ledger.Run! with
                {
                    Status = RunStatus.AwaitingInput,
                    AwaitingReason = AwaitingReason.NeedsOAuthReauth,
                    AwaitedServer = seen.Key.Server,
                    ParkCause = seen.Sight.Cause,
                    UpdatedAt = ledger.Now,
                })
                : new RunDecision<bool>(false),
            None);
}
