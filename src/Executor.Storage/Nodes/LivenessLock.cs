using Dapper;
using Npgsql;

namespace Executor.Storage.Nodes;

/// <summary>
/// A session-level advisory lock on a connection of its own. The server frees it when the connection ends, so a frozen process
/// keeps it and a killed one loses it. Two 32-bit keys: the single 64-bit ones are the openers' gates.
/// </summary>
internal sealed class LivenessLock : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly NpgsqlConnection _connection;
    private readonly Task _watch;
    private volatile bool _held = true;

    private LivenessLock(NpgsqlConnection connection)
    {
        _connection = connection;
        using (ExecutionContext.SuppressFlow())
            _watch = Task.Run(WatchAsync);
    }

    public bool IsHeld => _held;

    /// <summary>Null when another session holds it.</summary>
    public static async Task<LivenessLock?> TryTakeAsync(
        NpgsqlDataSource source, long incarnation, CancellationToken cancellationToken)
    {
        var connection = source.CreateConnection();
        try
        {
            await connection.OpenAsync(cancellationToken);

            // Newer servers can end idle sessions; this one is idle on purpose.
            await connection.ExecuteAsync(
                "SELECT set_config('idle_session_timeout', '0', false) WHERE current_setting('idle_session_timeout', true) IS NOT NULL;");
            var (high, low) = KeysOf(incarnation);
            var taken = await connection.ExecuteScalarAsync<bool>(
                new CommandDefinition("SELECT pg_try_advisory_lock(@high, @low);", new { high, low }, cancellationToken: cancellationToken));
            if (taken)
                return new LivenessLock(connection);
            await connection.DisposeAsync();
            return null;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public static (int High, int Low) KeysOf(long incarnation) => ((int)(incarnation >> 32), unchecked((int)incarnation));

    public async ValueTask DisposeAsync()
    {
        _held = false;
        await _end.CancelAsync();
        await _watch;
        _end.Dispose();
    }

    /// <summary>Returns from the wait with an error as soon as the connection breaks, or when the server does not answer its keepalive.</summary>
    private async Task WatchAsync()
    {
        try
        {
            while (true)
                await _connection.WaitAsync(_end.Token);
        }
        catch (Exception)
        {
            // Whatever it was, what is left of the connection proves nothing any more.
            _held = false;
        }

        await _connection.DisposeAsync();
    }
}
