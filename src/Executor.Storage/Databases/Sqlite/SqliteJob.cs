namespace Executor.Storage.Databases.Sqlite;

/// <summary>A transaction that waits for the writer, and its caller with it.</summary>
internal abstract class SqliteJob
{
    /// <summary>False for a caller that has gone away meanwhile: nothing was done for it.</summary>
    public abstract bool TryStart();

    /// <summary>Does the work; false if it failed. The caller hears of neither yet.</summary>
    public abstract bool Run(SqliteSession session);

    /// <summary>Answers the caller: with <paramref name="batchFault"/>, if the shared commit failed, else with the work's own outcome.</summary>
    public abstract void Complete(Exception? batchFault);
}

internal sealed class SqliteJob<T>(Func<WriteSession, Task<T>> work, CancellationToken cancellationToken) : SqliteJob
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private T? _result;

    public Task<T> Task => _completion.Task;

    public override bool TryStart()
    {
        if (!cancellationToken.IsCancellationRequested)
            return true;
        _failure = new OperationCanceledException(cancellationToken);
        return false;
    }

    public override bool Run(SqliteSession session)
    {
        try
        {
            var running = work(session);
            if (!running.IsCompleted)
                throw new InvalidOperationException("Work inside a transaction may wait for nothing but the database.");
            _result = running.GetAwaiter().GetResult();
            return true;
        }
        catch (Exception failure)
        {
            // Whatever it is, it belongs to this caller and to nobody else in the batch.
            _failure = SqliteFaults.Translate(failure);
            return false;
        }
    }

    public override void Complete(Exception? batchFault)
    {
        if (_failure is OperationCanceledException cancelled && cancellationToken.IsCancellationRequested)
            _completion.TrySetCanceled(cancelled.CancellationToken);
        else if ((batchFault ?? _failure) is { } fault)
            _completion.TrySetException(fault);
        else
            _completion.TrySetResult(_result!);
    }
}
