using System.Security.Cryptography;
using System.Text;
using Executor.Nodes;
using Executor.Storage.Databases;
using Executor.Storage.Databases.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Executor.Storage.Changes;

/// <summary>
/// Delivers changes here at once and to the other nodes by <c>NOTIFY</c>. Never inside the transactions that made the changes:
/// committing a notification takes a lock that the whole database shares.
/// </summary>
internal sealed class PostgresChanges : IChangeFeed, IAsyncDisposable
{
    private readonly LocalChanges _local;
    private readonly NpgsqlDataSource _source;
    private readonly PostgresListener _listener;
    private readonly PostgresNotifier _notifier;

    public PostgresChanges(PostgresSettings settings, LocalChanges local, DatabaseMemory memory, ILogger<PostgresChanges> logger)
    {
        var channel = ChannelOf(settings.Schema);
        var self = Guid.NewGuid();
        _local = local;
        _source = PostgresSource.Of(settings.Notifications, memory);
        _listener = new PostgresListener(_source, channel, self, local, logger);
        _notifier = new PostgresNotifier(_source, channel, self, logger);
    }

    /// <summary>One database may hold several schemas, each with nodes of its own. Hashed, since a channel's name is an identifier too.</summary>
    public static string ChannelOf(string schema) =>
        "executor_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(schema)).AsSpan(0, 8));

    /// <summary>Returns when this node hears the others.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _notifier.Start();
        return _listener.StartAsync(cancellationToken);
    }

    public IDisposable Subscribe(Action<Change> handler) => _local.Subscribe(handler);

    public void Publish(Change change)
    {
        _local.Publish(change);
        _notifier.Send(change);
    }

    public async ValueTask DisposeAsync()
    {
        await _notifier.DisposeAsync();
        await _listener.DisposeAsync();
        await _source.DisposeAsync();
    }
}
