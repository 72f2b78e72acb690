using Executor.Fairness;
using Executor.Identity;

namespace Executor.Tests.Infrastructure;

public sealed class FairLineTests
{
    private readonly FairLine<string> _line = new();

    [Fact]
    public void User_who_waits_many_times_takes_turns_with_the_others()
    {
        Join("a1", "a2", "a3", "b1", "c1", "b2");

        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3"], Leave(_ => true));
        Assert.True(_line.IsEmpty);
    }

    [Fact]
    public void User_who_may_not_go_yet_keeps_the_place()
    {
        Join("a1", "b1", "b2", "c1");

        Assert.Equal(["b1", "c1"], Leave(user => user != User('a')).Take(2));
        Join("d1");
        Assert.Equal(["a1", "b2", "d1"], Leave(_ => true));
    }

    private static UserId User(char letter) => UserId.From(letter);

    private void Join(params string[] waiters)
    {
        foreach (var waiter in waiters)
            _line.Join(User(waiter[0]), waiter);
    }

    private IEnumerable<string> Leave(Func<UserId, bool> mayGo)
    {
        while (_line.TryLeave(mayGo, out _, out var waiter))
            yield return waiter;
    }
}
