using System.Text;
using Npgsql;

namespace Executor.Testing;

/// <summary>What can happen to a server; for those that are a test's own.</summary>
internal sealed partial class PrivatePostgres
{
    /// <param name="mode"><c>fast</c> ends the sessions in good order, <c>immediate</c> crashes.</param>
    public Task StopAsync(string mode) => TellAsync($"stop {mode}");

    /// <summary>The stopped server again: the same port, the same data.</summary>
    public Task RestartAsync() => TellAsync("start");

    /// <summary>Stops all of the server's processes where they stand; connections stay, and nothing answers.</summary>
    public Task FreezeAsync() => TellAsync("signal STOP");

    public Task ThawAsync() => TellAsync("signal CONT");

    /// <summary>Writes a file into the server's data directory.</summary>
    public Task PutAsync(string file, string content) =>
        TellAsync($"put {file} {Convert.ToBase64String(Encoding.UTF8.GetBytes(content))}");

    /// <summary>For every session, those that exist too: they are ended.</summary>
    public async Task SetReadOnlyAsync(bool readOnly)
    {
        await ExecuteAsync($"ALTER SYSTEM SET default_transaction_read_only = {(readOnly ? "on" : "off")}");
        await ExecuteAsync("SELECT pg_reload_conf()");
        await Eventually.TrueAsync(async () =>
            await ExecuteAsync("SHOW default_transaction_read_only") is string now && now == (readOnly ? "on" : "off"));
        await EndSessionsAsync("true");
    }

    /// <summary>Ends those sessions of nodes of which <paramref name="condition"/> on <c>pg_stat_activity</c> holds; says how many.</summary>
    public async Task<long> EndSessionsAsync(string condition) => (long)(await ExecuteAsync(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        + $"WHERE pid <> pg_backend_pid() AND application_name = 'executor' AND ({condition})"))!;

    /// <summary>Outside of transactions, in a session of its own.</summary>
    public async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
