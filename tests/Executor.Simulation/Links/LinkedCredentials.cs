using Executor.Credentials;
using Executor.Simulation.Cluster;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Links;

internal sealed class LinkedCredentials(NodeLink link, World world, SimulatedNode node) : ICredentialStore
{
    private readonly ICredentialStore _store = world.Mutation.CredentialsBelow(node.Session.Credentials, world);

    public Task<CredentialSnapshot?> ReadAsync(CredentialKey key, CancellationToken cancellationToken) =>
        link.CallAsync("read credential", () => _store.ReadAsync(key, CancellationToken.None), 80, cancellationToken);

    public Task<T> ChangeAsync<T>(
        CredentialKey key,
        CredentialChangeOptions options,
        Func<CredentialLedger, CredentialDecision<T>> decide,
        CancellationToken cancellationToken) =>
        link.CallAsync("change credential", () => _store.ChangeAsync(key, options, decide, CancellationToken.None), 25, cancellationToken);

    public Task<IReadOnlyList<CredentialKey>> FindUnresolvedAsync(
        CredentialKey? after, int limit, CancellationToken cancellationToken) =>
        link.RoutineAsync("find unresolved", () => _store.FindUnresolvedAsync(after, limit, CancellationToken.None), 200, cancellationToken);

    public Task<IReadOnlyList<(CredentialKey Key, Guid Run)>> FindProbesAsync(int limit, CancellationToken cancellationToken) =>
        link.RoutineAsync("find probes", () => _store.FindProbesAsync(limit, CancellationToken.None), 200, cancellationToken);
}
