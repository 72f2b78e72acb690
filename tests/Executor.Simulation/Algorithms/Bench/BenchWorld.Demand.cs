using Executor.Simulation.Providers;

namespace Executor.Simulation.Algorithms.Bench;

internal sealed partial class BenchWorld
{
    private static readonly TimeSpan CallerWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan UntilReconnect = TimeSpan.FromMinutes(1);

    /// <summary>How long a load balancer goes on sending requests to a process that does not answer.</summary>
    private static readonly long UntilUnhealthy = TimeSpan.FromSeconds(10).Ticks;

    private void Connect(BenchUser user)
    {
        _users.Add(user);
        Reconnect(user);
        Later(user);
    }

    private void Later(BenchUser user) => Timeline.After(user.Dice.Between(20, 200), _ =>
    {
        for (var requests = user.Dice.Pick(1, 1, 2, 4); requests > 0; requests--)
            Ask(user, user.Dice.Next(Places));
        Later(user);
    });

    private void Ask(BenchUser user, int place)
    {
        if (!user.IsConnected || user.Grant is not { } grant)
            return;
        Score.Requests++;
        if (Route(user, place) is not { } node)
        {
            Withhold(user, grant);
            return;
        }

        var isOver = false;
        Timeline.After(CallerWait, _ => Answer(TokenAnswer.Unavailable));
        node.Run(async () => Answer(await node.Algorithm.GetTokenAsync(user.Key)));

        void Answer(TokenAnswer answer)
        {
            if (isOver)
                return;
            isOver = true;
            if (answer == TokenAnswer.Reconnect)
                Lose(user, grant);
            else if (answer == TokenAnswer.Unavailable)
                Withhold(user, grant);
        }
    }

    private BenchNode? Route(BenchUser user, int place)
    {
        var first = Algorithm.IsSticky ? (int)(user.Key.User.Value % Places) : place;
        for (var n = 0; n < Places; n++)
        {
            var node = _nodes[(first + n) % Places];
            if (!node.IsDead && (node.FrozenSince is not { } since || Timeline.Now - since < UntilUnhealthy))
                return node;
        }

        return null;
    }

    /// <summary>A token could have been had: nobody has revoked the grant, and its newest tokens have reached somebody.</summary>
    private void Withhold(BenchUser user, Grant grant)
    {
        if (user.Grant == grant && user.IsConnected && !grant.IsRevoked && !IsOutOfReach(user))
            Score.Withheld++;
    }

    private void Lose(BenchUser user, Grant grant)
    {
        if (user.Grant != grant || !user.IsConnected)
            return;
        user.IsConnected = false;
        Score.Lost++;
        if (IsOutOfReach(user))
            Score.OutOfReach++;
        else if (user.IsReplayed && Provider.Profile.Replayed == Replayed.KillsNewest)
            Score.KeptTheFirst++;
        Timeline.After(UntilReconnect, _ => Reconnect(user));
    }

    /// <summary>The provider has handed out new tokens that nobody has, and takes the old one no more.</summary>
    private bool IsOutOfReach(BenchUser user) =>
        user.Latest is { IsOutOfReach: true } && Provider.Profile is { Rotation: Rotation.OneTime, Grace.Ticks: 0 };

    private void Reconnect(BenchUser user)
    {
        var grant = _server.Consent(user.Key);
        (user.Grant, user.Latest, user.IsReplayed) = (grant, null, false);
        Deposit(user, grant);
    }

    private void Deposit(BenchUser user, Grant grant)
    {
        if (user.Grant != grant || user.IsConnected)
            return;
        Timeline.After(TimeSpan.FromSeconds(5), _ => Deposit(user, grant));
        if (Route(user, user.Dice.Next(Places)) is not { } node)
            return;
        node.Run(async () =>
        {
            try
            {
                await node.Algorithm.ConnectAsync(user.Key, grant.RefreshTokens[0].Value);
                user.IsConnected = true;
            }
            catch (StoreUnavailableException)
            {
                // The user tries again.
            }
        });
    }
}
