using Executor.Credentials;
using Executor.Identity;
using Executor.Servers;
using Executor.Simulation.Engine;
using Executor.Simulation.Providers;
using Executor.Simulation.Store;

namespace Executor.Simulation.Worlds;

/// <summary>What a seed says about its world before anything happens in it.</summary>
internal sealed class Plan
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    public Plan(Dice dice)
    {
        HasFaults = !dice.OneIn(4);
        Flavour = dice.OneIn(10) ? ModelFlavour.Sqlite : ModelFlavour.Postgres;
        NodeCount = Flavour == ModelFlavour.Sqlite ? 1 : dice.Pick(1, 2, 2, 3);
        DirectoriesPerNode = dice.OneIn(4) ? 2 : 1;
        HasRuns = dice.OneIn(2);
        var users = Enumerable.Range(1, dice.Pick(1, 1, 2)).Select(number => UserId.From(number)).ToList();
        Servers = [.. Enumerable.Range(0, dice.Pick(1, 1, 2)).Select(number => ServerPlan.Draw(number, dice))];
        Keys = [.. users.SelectMany(user => Servers.Select(server => new CredentialKey(user, server.Id)))];
        IsPatient = dice.OneIn(6);
        HasRefusals = dice.OneIn(3);
    }

    public bool HasFaults { get; }

    public ModelFlavour Flavour { get; }

    public int NodeCount { get; }

    /// <summary>Two owners of one key on one node: an engine that activates twice.</summary>
    public int DirectoriesPerNode { get; }

    public bool HasRuns { get; }

    public IReadOnlyList<ServerPlan> Servers { get; }

    public IReadOnlyList<CredentialKey> Keys { get; }

    /// <summary>MCP servers turn good tokens down for a while.</summary>
    public bool HasRefusals { get; }

    /// <summary>Long waits are among its steps: past the strict deadline, past windows and lifetimes.</summary>
    public bool IsPatient { get; }
}

/// <summary>One MCP server with its OAuth server, and what the servers file says about them.</summary>
internal sealed record ServerPlan(McpServerId Id, string Host, ProviderProfile Profile, RefreshReplay Replay)
{
    public string TokenEndpoint { get; } = $"https://{Host}/token";

    public McpServer Server { get; } = new(
        Id,
        new Uri($"https://{Host}/mcp"),
        new Dictionary<string, string>(StringComparer.Ordinal),
        new McpServerAuth.OAuth2(null, Replay, []));

    public static ServerPlan Draw(int number, Dice dice)
    {
        var profile = ProviderProfile.Draw(dice);
        return new ServerPlan(McpServerId.From($"s{number}"), $"s{number}.example.com", profile, ReplayOf(profile, dice));
    }

    /// <summary>What an operator who read the provider's documentation writes; now and then more cautious than need be.</summary>
    private static RefreshReplay ReplayOf(ProviderProfile profile, Dice dice)
    {
        if (dice.OneIn(5))
            return RefreshReplay.Strict;
        return profile.Rotation switch
        {
            Rotation.None => RefreshReplay.NoRotation,
            Rotation.UntilAcknowledged => RefreshReplay.Grace(TimeSpan.FromHours(1)),
            _ when profile.Grace > TimeSpan.Zero => RefreshReplay.Grace(profile.Grace),
            _ => RefreshReplay.Strict,
        };
    }
}
