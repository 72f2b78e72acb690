using System.Diagnostics;
using Executor.Credentials;
using Executor.Simulation.Algorithms.Bench;
using Executor.Simulation.Providers;

namespace Executor.Simulation.Algorithms.Rivals;

/// <summary>
/// What the other algorithms have in common, so that they differ in nothing but how they guard the token: a row that is read from
/// the database, a refresh a minute before the expiry, an unexpired token served while refreshing fails or the database is away.
/// </summary>
internal abstract class Rival(BenchWorld world, BenchNode node) : IRefreshAlgorithm
{
    protected static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    private readonly Dictionary<CredentialKey, RivalRow> _known = [];

    protected BenchWorld World => world;

    protected BenchNode Node => node;

    protected DateTimeOffset Now => node.Clock.GetUtcNow();

    public virtual Task StartAsync() => Task.CompletedTask;

    public virtual Task ConnectAsync(CredentialKey key, string refreshToken) => world.Database.CallAsync(
        node,
        () =>
        {
            var version = world.Tables.Rows.TryGetValue(key, out var before) ? before.Version + 1 : 1;
            world.Tables.Rows[key] = _known[key] = new RivalRow(refreshToken, null, default, version);
            return true;
        });

    public virtual async Task<TokenAnswer> GetTokenAsync(CredentialKey key)
    {
        try
        {
            var row = await ReadAsync(key);
            if (row.IsGivenUp)
                return TokenAnswer.Reconnect;
            return IsFresh(row) ? TokenAnswer.Issued : AnswerOf(await RefreshAsync(key));
        }
        catch (StoreUnavailableException)
        {
            return _known.TryGetValue(key, out var known) ? AnswerOf(known) : TokenAnswer.Unavailable;
        }
    }

    /// <summary>The row afterwards, refreshed or not.</summary>
    protected abstract Task<RivalRow> RefreshAsync(CredentialKey key);

    protected bool IsFresh(RivalRow row) => row.AccessToken is not null && row.ExpiresAt - Now > Skew;

    protected TokenAnswer AnswerOf(RivalRow row) =>
        row.IsGivenUp ? TokenAnswer.Reconnect
        : row.AccessToken is not null && row.ExpiresAt > Now ? TokenAnswer.Issued
        : TokenAnswer.Unavailable;

    protected async Task<RivalRow> ReadAsync(CredentialKey key) =>
        _known[key] = await world.Database.CallAsync(node, () => world.Tables.Rows[key]);

    protected Task WriteAsync(CredentialKey key, RivalRow row) => world.Database.CallAsync(
        node,
        () =>
        {
            var current = world.Tables.Rows[key];
            return world.Tables.Rows[key] = _known[key] = row with { Version = current.Version + 1 };
        },
        isCommit: true);

    /// <summary>Writes if the row still has the version that was refreshed; answers what is there in any case.</summary>
    protected Task<RivalRow> WriteIfUnchangedAsync(CredentialKey key, RivalRow row) => world.Database.CallAsync(
        node,
        () =>
        {
            var current = world.Tables.Rows[key];
            if (current.Version == row.Version)
                current = world.Tables.Rows[key] = row with { Version = row.Version + 1 };
            return _known[key] = current;
        },
        isCommit: true);

    protected async Task<Redeemed> RedeemAsync(CredentialKey key, string refreshToken)
    {
        var connection = await world.Endpoint.ConnectAsync(node, key);
        node.Receive(RequestTimeout, () => connection.Answer.TrySetCanceled());
        connection.Write(refreshToken);
        try
        {
            return await connection.Answer.Task switch
            {
                { Pair: { } pair } => new Redeemed.Granted(pair),
                { Status: 400 } => new Redeemed.Refused(),
                { Status: >= 500 } => new Redeemed.Unclear(),
                _ => throw new UnreachableException(),
            };
        }
        catch (Exception silence) when (silence is HttpRequestException or OperationCanceledException)
        {
            return new Redeemed.Unclear();
        }
    }

    protected RivalRow After(RivalRow row, TokenPair pair) =>
        row with { RefreshToken = pair.RefreshToken ?? row.RefreshToken, AccessToken = pair.AccessToken, ExpiresAt = Now + world.Provider.Profile.Lifetime };
}

internal abstract record Redeemed
{
    private Redeemed()
    {
    }

    public sealed record Granted(TokenPair Pair) : Redeemed;

    public sealed record Refused : Redeemed;

    public sealed record Unclear : Redeemed;
}
