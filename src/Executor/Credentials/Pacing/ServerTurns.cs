using Executor.Fairness;
using Executor.Identity;

namespace Executor.Credentials.Pacing;

/// <summary>The turns of one OAuth server: those taken, and those waited for. Synchronised by its gate.</summary>
internal sealed class ServerTurns(Pace pace, ITimer again)
{
    private readonly Dictionary<UserId, int> _users = [];

    public FairLine<(TaskCompletionSource<RefreshTurn?> Given, RefreshTurn Turn)> Waiting { get; } = new();

    public Pace Pace => pace;

    public int Taken { get; private set; }

    public bool IsIdle => Taken == 0 && Waiting.IsEmpty && pace.IsFull;

    /// <summary>Gives whatever can be given now, and comes back when more can be.</summary>
    public void Advance(int limit, int limitPerUser)
    {
        while (Taken < limit && !Waiting.IsEmpty)
        {
            if (pace.Wait is var wait && wait > TimeSpan.Zero)
            {
                again.Change(wait, Timeout.InfiniteTimeSpan);
                return;
            }

            if (!Waiting.TryLeave(user => _users.GetValueOrDefault(user) < limitPerUser, out var user, out var next))
                return;
            if (!next.Given.TrySetResult(next.Turn))
                continue; // has left meanwhile
            Taken++;
            _users[user] = _users.GetValueOrDefault(user) + 1;
            pace.Take();
        }
    }

    public void End(UserId user, bool used)
    {
        Taken--;
        if (--_users[user] == 0)
            _users.Remove(user);
        if (!used)
            pace.GiveBack();
    }

    public void Forget() => again.Dispose();
}
