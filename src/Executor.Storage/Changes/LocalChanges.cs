using System.Collections.Immutable;
using System.Threading.Channels;
using Executor.Nodes;
using Microsoft.Extensions.Logging;

namespace Executor.Storage.Changes;

/// <summary>Delivers changes to this process's handlers, one after the other. What it has no room for becomes a gap.</summary>
internal sealed partial class LocalChanges : IChangeFeed, IAsyncDisposable
{
    private const int Capacity = 8192;

    private readonly Channel<Change> _queue = Channel.CreateBounded<Change>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly ILogger _logger;
    private readonly Task _dispatcher;
    private ImmutableArray<Action<Change>> _handlers = [];
    private int _lost;

    public LocalChanges(ILogger<LocalChanges> logger)
    {
        _logger = logger;
        using (ExecutionContext.SuppressFlow())
            _dispatcher = Task.Run(DispatchAsync);
    }

    public IDisposable Subscribe(Action<Change> handler)
    {
        ImmutableInterlocked.Update(ref _handlers, handlers => handlers.Add(handler));
        return new Subscription(() => ImmutableInterlocked.Update(ref _handlers, handlers => handlers.Remove(handler)));
    }

    public void Publish(Change change)
    {
        if (!_queue.Writer.TryWrite(change))
            Volatile.Write(ref _lost, 1);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _dispatcher;
    }

    private async Task DispatchAsync()
    {
        await foreach (var change in _queue.Reader.ReadAllAsync())
        {
            if (Interlocked.Exchange(ref _lost, 0) != 0)
                Deliver(new Change.Gap());
            Deliver(change);
        }
    }

    private void Deliver(Change change)
    {
        foreach (var handler in _handlers)
        {
            try
            {
                handler(change);
            }
            catch (Exception defect)
            {
                // A handler's defect is its own: the others hear of the change all the same.
                Log.HandlerFailed(_logger, change.GetType().Name, defect.GetType().Name);
            }
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A handler of {Change} changes threw {ExceptionType}")]
        public static partial void HandlerFailed(ILogger logger, string change, string exceptionType);
    }
}
