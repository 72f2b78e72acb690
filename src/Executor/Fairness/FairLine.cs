using System.Diagnostics.CodeAnalysis;
using Executor.Identity;

namespace Executor.Fairness;

/// <summary>
/// Those who wait for something scarce, one turn a user. A user who waits a hundredfold keeps nobody else waiting. Not synchronised.
/// </summary>
public sealed class FairLine<T>
{
    private readonly Dictionary<UserId, Queue<T>> _waiting = [];
    private readonly LinkedList<UserId> _users = new();

    public bool IsEmpty => _users.Count == 0;

    public void Join(UserId user, T waiter)
    {
        if (!_waiting.TryGetValue(user, out var own))
        {
            _waiting[user] = own = new Queue<T>();
            _users.AddLast(user);
        }

        own.Enqueue(waiter);
    }

    /// <summary>The next one whose user may go. Users who may not yet keep their place.</summary>
    public bool TryLeave(Func<UserId, bool> mayGo, out UserId user, [MaybeNullWhen(false)] out T waiter)
    {
        for (var place = _users.First; place is not null; place = place.Next)
        {
            if (!mayGo(place.Value))
                continue;
            user = place.Value;
            _users.Remove(place);
            var own = _waiting[user];
            waiter = own.Dequeue();
            if (own.Count > 0)
                _users.AddLast(place);
            else
                _waiting.Remove(user);
            return true;
        }

        user = default;
        waiter = default;
        return false;
    }
}
