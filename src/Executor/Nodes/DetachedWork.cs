using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Executor.Nodes;

/// <summary>
/// Work that outlives the request that began it: redemptions, their commits, runs. It is counted, so that a stopping node can wait for
/// it. Nowhere else does the domain let go of a task, so another scheduler or a simulation can take over here.
/// </summary>
public interface IDetachedWork
{
    /// <summary>Starts <paramref name="work"/>. It handles its own failures; one that escapes is logged as a defect.</summary>
    Task Start(string name, Func<Task> work);

    /// <summary>Completes when nothing that was started is left.</summary>
    Task WhenIdleAsync(CancellationToken cancellationToken);

    /// <summary>How much of what was started under this name is left; for whoever is told what a stopping node waits for.</summary>
    int Count(string name) => 0;
}

public sealed partial class DetachedWork(ILogger<DetachedWork> logger) : IDetachedWork
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _byName = new(StringComparer.Ordinal);
    private TaskCompletionSource? _idle;
    private int _count;

    public Task Start(string name, Func<Task> work)
    {
        lock (_gate)
        {
            if (_count++ == 0)
                _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            CollectionsMarshal.GetValueRefOrAddDefault(_byName, name, out _)++;
        }

        // Captures nothing of the caller's context: an AsyncLocal bearer or activity must not leak into work that outlives it.
        using (ExecutionContext.SuppressFlow())
            return Task.Run(() => RunAsync(name, work));
    }

    public Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return _count == 0 ? Task.CompletedTask : _idle!.Task.WaitAsync(cancellationToken);
    }

    public int Count(string name)
    {
        lock (_gate)
            return _byName.GetValueOrDefault(name);
    }

    private async Task RunAsync(string name, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception defect)
        {
            // The type only: an exception's message may carry what must not be logged.
            Log.Escaped(logger, name, defect.GetType().Name);
        }
        finally
        {
            lock (_gate)
            {
                _byName[name]--;
                if (--_count == 0)
                    _idle!.SetResult();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message = "Detached work {Name} ended with an unhandled {ExceptionType}")]
        public static partial void Escaped(ILogger logger, string name, string exceptionType);
    }
}
