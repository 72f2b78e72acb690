using Executor.Credentials.Pacing;
using Microsoft.Extensions.Logging;

namespace Executor.Credentials.Refresh;

/// <summary>
/// A token endpoint that is out of order fails for each of its users, again and again. Its outage is told once, when it begins and when
/// it is over. Endpoints of one origin share theirs. Only the origin is told: users deposit the address, and its path or query may be
/// secret.
/// </summary>
internal sealed class TokenEndpointOutages(TimeProvider time, ILogger logger)
{
    /// <summary>Users may name any endpoint.</summary>
    private const int MaxRemembered = 1000;

    private readonly BoundedMemory<OAuthServer, Outage> _outages = new(MaxRemembered);

    public void Heard(OAuthServer server, RefreshAnswer answer)
    {
        if (answer.Told is { } told && (told == BlockedReason.Unreachable || told == BlockedReason.NoAnswer || told == BlockedReason.ServerError))
            Of(server).Failed(told.Word);
        else if (IsOfTheServer(answer) && _outages.TryGet(server, out var outage))
            outage.Worked();
    }

    /// <summary>Whatever it says, a complete answer says that the endpoint works. What was not sent says nothing.</summary>
    private static bool IsOfTheServer(RefreshAnswer answer) => answer is not RefreshAnswer.GivenUp && answer.Told != BlockedReason.EndpointRefused;

    private Outage Of(OAuthServer server) =>
        _outages.GetOrAdd(server, each => new Outage($"The token endpoint of {each.Origin}", time, logger));
}
