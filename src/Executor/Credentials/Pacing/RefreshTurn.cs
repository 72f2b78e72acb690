using Executor.Identity;

namespace Executor.Credentials.Pacing;

/// <summary>Room for one redemption at an OAuth server, from before its intent is opened until it is settled.</summary>
internal sealed class RefreshTurn(RefreshGate gate, OAuthServer server, UserId user) : IDisposable
{
    private int _over;

    /// <summary>The redemption is over.</summary>
    public void Dispose() => End(used: true);

    /// <summary>Nothing was sent, and nothing will be.</summary>
    public void GiveBack() => End(used: false);

    private void End(bool used)
    {
        if (Interlocked.Exchange(ref _over, 1) == 0)
            gate.End(server, user, used);
    }
}
