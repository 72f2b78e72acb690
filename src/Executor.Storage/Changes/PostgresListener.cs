using Dapper;
using Executor.Nodes;
using Executor.Storage.Databases.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Executor.Storage.Changes;

/// <summary>Hears the other nodes. After each reconnect it reports a gap: what was said meanwhile is lost.</summary>
internal sealed partial class PostgresListener(
    NpgsqlDataSource source, string channel, Guid self, LocalChanges local, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan MaxBackOff = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _end = new();
    private Task _loop = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection connection;
        try
        {
            connection = await ConnectAsync(cancellationToken);
        }
        catch (Exception fault) when (PostgresFaults.IsUnavailable(fault))
        {
            throw PostgresFaults.Unavailable(fault);
        }

        using (ExecutionContext.SuppressFlow())
            _loop = Task.Run(() => RunAsync(connection), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _loop;
        _end.Dispose();
    }

    private async Task RunAsync(NpgsqlConnection? connection)
    {
        var backOff = TimeSpan.FromMilliseconds(50);
        var isTold = false;
        while (!_end.IsCancellationRequested)
        {
            try
            {
                if (connection is null)
                {
                    connection = await ConnectAsync(_end.Token);
                    local.Publish(new Change.Gap());
                    isTold = false;
                    backOff = TimeSpan.FromMilliseconds(50);
                }

                while (true)
                    await connection.WaitAsync(_end.Token);
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                // Any fault at all: listening is tried again for as long as the process lives.
                Log.Lost(logger, isTold ? LogLevel.Debug : LogLevel.Warning, fault.GetType().Name);
                isTold = true;
                await DropAsync(connection);
                connection = null;
                await DelayAsync(backOff);
                backOff = backOff * 2 > MaxBackOff ? MaxBackOff : backOff * 2;
            }
        }

        await DropAsync(connection);
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = source.CreateConnection();
        try
        {
            connection.Notification += OnNotification;
            await connection.OpenAsync(cancellationToken);
            await connection.ExecuteAsync(
                "SELECT set_config('idle_session_timeout', '0', false) WHERE current_setting('idle_session_timeout', true) IS NOT NULL; "
                + $"LISTEN \"{channel}\";");
            return connection;
        }
        catch
        {
            await DropAsync(connection);
            throw;
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs message)
    {
        var (from, changes) = ChangeCodec.Decode(message.Payload);
        if (from == self)
            return;
        foreach (var change in changes)
            local.Publish(change);
    }

    private async Task DropAsync(NpgsqlConnection? connection)
    {
        if (connection is null)
            return;
        connection.Notification -= OnNotification;
        await connection.DisposeAsync();
    }

    private async Task DelayAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, _end.Token);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Message = "The notification connection was lost ({ExceptionType}); listening again")]
        public static partial void Lost(ILogger logger, LogLevel level, string exceptionType);
    }
}
