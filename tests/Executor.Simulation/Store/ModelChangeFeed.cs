using System.Collections.Immutable;
using Executor.Nodes;

namespace Executor.Simulation.Store;

internal sealed class ModelChangeFeed(ModelDatabase database, ModelSession session) : IChangeFeed
{
    private ImmutableArray<Subscription> _subscriptions = [];
    private ImmutableList<Exception> _defects = [];

    public IReadOnlyList<Exception> Defects => _defects;

    public IDisposable Subscribe(Action<Change> handler)
    {
        var subscription = new Subscription(this, handler);
        ImmutableInterlocked.Update(ref _subscriptions, static (all, added) => all.Add(added), subscription);
        return subscription;
    }

    public void Publish(Change change) => database.Publish(session, change);

    public void Deliver(Change change)
    {
        foreach (var subscription in _subscriptions)
        {
            try
            {
                subscription.Handler(change);
            }
            catch (Exception defect)
            {
                // A handler's defect is its own: the others hear of the change all the same, and the simulation looks at the list.
                ImmutableInterlocked.Update(ref _defects, static (all, added) => all.Add(added), defect);
            }
        }
    }

    private sealed class Subscription(ModelChangeFeed feed, Action<Change> handler) : IDisposable
    {
        public Action<Change> Handler => handler;

        public void Dispose() => ImmutableInterlocked.Update(ref feed._subscriptions, static (all, ended) => all.Remove(ended), this);
    }
}
