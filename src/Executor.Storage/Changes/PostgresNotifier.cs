using System.Threading.Channels;
using Dapper;
using Executor.Nodes;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Executor.Storage.Changes;

/// <summary>
/// Tells the other nodes. The first change after a silence is sent at once. Those that follow are gathered, so that many changes cost few
/// notifications.
/// </summary>
internal sealed partial class PostgresNotifier(
    NpgsqlDataSource source, string channel, Guid self, ILogger logger) : IAsyncDisposable
{
    private const int MaxBatch = 100;

    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxBackOff = TimeSpan.FromSeconds(5);

    private readonly Channel<Change> _queue = Channel.CreateBounded<Change>(new BoundedChannelOptions(8192) { SingleReader = true });
    private readonly CancellationTokenSource _end = new();
    private Task _loop = Task.CompletedTask;
    private NpgsqlConnection? _connection;
    private int _lost;
    private bool _isTold;

    public void Start()
    {
        using (ExecutionContext.SuppressFlow())
            _loop = Task.Run(RunAsync);
    }

    public void Send(Change change)
    {
        if (!_queue.Writer.TryWrite(change))
            Volatile.Write(ref _lost, 1);
    }

    public async ValueTask DisposeAsync()
    {
        // What is queued still goes out, for a moment: the last changes of a stopping node are news to the others.
        _queue.Writer.TryComplete();
        _end.CancelAfter(TimeSpan.FromSeconds(2));
        await _loop;
        _end.Dispose();
        if (_connection is not null)
            await _connection.DisposeAsync();
    }

    private async Task RunAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_end.Token))
            {
                // It may be long until something else is to be told: what was missed is told as soon as anything can be.
                for (var pause = Spacing; !await SendAsync(Gather()); pause = pause * 2 < MaxBackOff ? pause * 2 : MaxBackOff)
                    await Task.Delay(pause, _end.Token);
                await Task.Delay(Spacing, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private HashSet<Change> Gather()
    {
        var batch = new HashSet<Change>();
        if (Interlocked.Exchange(ref _lost, 0) != 0)
            batch.Add(new Change.Gap());
        while (batch.Count < MaxBatch && _queue.Reader.TryRead(out var change))
            batch.Add(change);
        return batch;
    }

    private async Task<bool> SendAsync(HashSet<Change> batch)
    {
        try
        {
            foreach (var payload in ChangeCodec.Encode(self, batch))
            {
                _connection ??= await ConnectAsync();
                await _connection.ExecuteAsync(
                    new CommandDefinition("SELECT pg_notify(@channel, @payload);", new { channel, payload }, cancellationToken: _end.Token));
            }

            _isTold = false;
            return true;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // The next attempt tells the others that they missed something.
            Log.Lost(logger, _isTold ? LogLevel.Debug : LogLevel.Warning, fault.GetType().Name);
            _isTold = true;
            Volatile.Write(ref _lost, 1);
            if (_connection is not null)
                await _connection.DisposeAsync();
            _connection = null;
            return false;
        }
    }

    private async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = source.CreateConnection();
        try
        {
            await connection.OpenAsync(_end.Token);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Message = "A notification could not be sent ({ExceptionType})")]
        public static partial void Lost(ILogger logger, LogLevel level, string exceptionType);
    }
}
