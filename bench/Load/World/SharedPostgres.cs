namespace Executor.Load;

/// <summary>One private server for the whole run, as durable as one in production: every commit is flushed.</summary>
internal sealed class SharedPostgres : IAsyncDisposable
{
    // WAL is kept so that the commits in it can be counted.
    private const string Durable =
        "-c fsync=on -c synchronous_commit=on -c max_connections=300 -c shared_buffers=512MB -c max_wal_size=8GB -c wal_keep_size=4GB "
        + "-c checkpoint_timeout=30min";

    private static Task<PrivatePostgres>? _server;

    /// <summary>The server counts what each statement costs; to be set before it is first asked for.</summary>
    public static bool CountsStatements { get; set; }

    public static Task<PrivatePostgres> GetAsync() => _server ??= PrivatePostgres.StartAsync(
        CountsStatements ? $"{Durable} -c shared_preload_libraries=pg_stat_statements" : Durable);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await (await _server).DisposeAsync();
    }
}
