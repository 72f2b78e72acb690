using Executor.Simulation.Engine;
using Executor.Simulation.Providers;

namespace Executor.Simulation.Tools;

/// <summary>An MCP server as the judge of tokens: now and then it turns down what its OAuth server has just issued.</summary>
internal sealed class Resource(OAuthServer provider, Timeline timeline)
{
    /// <summary>Until when it refuses every token, at its tools or altogether.</summary>
    public long RefusesUntil { get; private set; }

    public bool RefusesToolsOnly { get; private set; }

    /// <summary>How far its clock is behind: a younger token is not good yet.</summary>
    public TimeSpan Skew { get; set; }

    public void Refuse(TimeSpan time, bool toolsOnly) => (RefusesUntil, RefusesToolsOnly) = (timeline.Now + time.Ticks, toolsOnly);

    public void Accept() => (RefusesUntil, Skew) = (0, TimeSpan.Zero);

    public bool Accepts(string? accessToken, bool isTool)
    {
        if (timeline.Now < RefusesUntil && (isTool || !RefusesToolsOnly))
            return false;
        var isYoung = accessToken is not null
            && provider.FindAccess(accessToken) is { } token
            && timeline.Now - token.MintedAt < Skew.Ticks;
        return !isYoung && provider.Accepts(accessToken);
    }
}
