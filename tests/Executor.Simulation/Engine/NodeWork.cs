using Executor.Nodes;

namespace Executor.Simulation.Engine;

/// <summary>Detached work of a simulated node: on its scheduler instead of the thread pool.</summary>
internal sealed class NodeWork(NodeScheduler scheduler, Action<string, Exception> escaped) : IDetachedWork
{
    private int _count;
    private TaskCompletionSource _idle = new();

    public bool IsIdle => _count == 0;

    public Task Start(string name, Func<Task> work)
    {
        _count++;
        return scheduler.Run(() => RunAsync(name, work));
    }

    public Task WhenIdleAsync(CancellationToken cancellationToken) =>
        _count == 0 ? Task.CompletedTask : _idle.Task.WaitAsync(cancellationToken);

    private async Task RunAsync(string name, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception defect)
        {
            escaped(name, defect);
        }
        finally
        {
            if (--_count == 0)
            {
                var idle = _idle;
                _idle = new();
                idle.SetResult();
            }
        }
    }
}
