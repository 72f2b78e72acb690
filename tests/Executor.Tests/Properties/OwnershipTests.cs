using Executor.Sandbox;
using Executor.Tests.Infrastructure;
using FsCheck.Fluent;

namespace Executor.Tests.Properties;

/// <summary>No sequence of requests lets one user see, use, end or change what is another's.</summary>
public sealed class OwnershipTests : IAsyncLifetime
{
    private const int Sequences = 40;
    private const int Length = 25;

    private SandboxHost _sandbox = null!;
    private LiveNode _node = null!;
    private long _users;

    public async Task InitializeAsync()
    {
        _sandbox = await SandboxHost.StartAsync();
        _node = await LiveNode.StartAsync(string.Join(',', Ownership.Servers.Select(
            server => $$$""" "{{{server}}}":{"url":"{{{_sandbox.McpEndpoint}}}","auth":{"type":"oauth2"}} """)));
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        await _sandbox.DisposeAsync();
    }

    [Fact]
    public void Each_user_meets_only_what_is_their_own() => Property.HoldsOfSequences(
        Gen.Elements(Enum.GetValues<Ownership.Act>()).Zip(Gen.Choose(0, Ownership.Users - 1)).Zip(
            Gen.Choose(0, 11), (act, what) => new Ownership.Step(act.Item1, act.Item2, what)),
        Length,
        steps => new Ownership(_node, _sandbox, Interlocked.Add(ref _users, Ownership.Users)).CheckAsync(steps).GetAwaiter().GetResult(),
        Sequences);
}
