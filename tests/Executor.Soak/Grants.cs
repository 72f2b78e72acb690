using System.Collections.Concurrent;
using Executor.Sandbox;
using Executor.Sandbox.OAuth;

namespace Executor.Soak;

/// <summary>The users' consents, and who may be asked for another one.</summary>
internal sealed class Grants(SandboxHost sandbox, NodeEvents nodes)
{
    private const double AccessTokenSeconds = 75;

    /// <summary>How far from a node's end an answer may have been sent and not been kept.</summary>
    private static readonly TimeSpan Unheard = TimeSpan.FromSeconds(10);

    /// <summary>Of <c>grace:60</c>, what is left after the margin, with some room for a busy machine.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(40);

    private readonly ConcurrentDictionary<string, string> _servers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _withdrawn = new(StringComparer.Ordinal);

    public MintedGrant Mint(string server)
    {
        var behaviour = server switch
        {
            "strict" => ProviderBehaviour.Strict,
            "grace" => ProviderBehaviour.Grace(60),
            _ => ProviderBehaviour.NoRotation,
        };
        var grant = sandbox.OAuth.Mint(behaviour with { AccessTokenSeconds = AccessTokenSeconds });
        _servers[grant.GrantId] = server;
        return grant;
    }

    public string? Any(Random random)
    {
        var all = _servers.Keys.Where(grant => !_withdrawn.ContainsKey(grant)).Order(StringComparer.Ordinal).ToList();
        return all.Count == 0 ? null : all[random.Next(all.Count)];
    }

    public void Withdraw(string grant)
    {
        _withdrawn[grant] = true;
        sandbox.OAuth.Revoke(grant);
    }

    /// <summary>Why the grant's user may be sent to connect again; null when there is no reason.</summary>
    public string? Excuse(string grant)
    {
        if (_withdrawn.ContainsKey(grant))
            return "withdrawn";
        var requests = sandbox.OAuth.Journal.Read(where: request => request.GrantId == grant);
        return _servers[grant] switch
        {
            "strict" => requests.Any(IsLost) ? "answer lost" : null,
            "grace" => requests.Any(request => IsLost(request) && IsLate(request, requests)) ? "answer lost, and no retry within the grace" : null,
            _ => null,
        };
    }

    /// <summary>The token was spent, and a fault or the end of a node may have kept its successor from being stored.</summary>
    private bool IsLost(GrantRequest request)
    {
        if (!request.TokenSpent)
            return false;
        return request.Fault is not null
            || request.Stage is RequestStage.Dropped or RequestStage.Abandoned
            || nodes.Kills.Any(kill => kill > request.ReceivedAt && kill - Unheard < (request.DecidedAt ?? DateTimeOffset.MaxValue));
    }

    private static bool IsLate(GrantRequest lost, IReadOnlyList<GrantRequest> requests) =>
        !requests.Any(next => next.Sequence > lost.Sequence && next.ReceivedAt - lost.ReceivedAt < Grace);
}
