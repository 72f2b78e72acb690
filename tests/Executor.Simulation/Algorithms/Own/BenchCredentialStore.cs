using Executor.Credentials;
using Executor.Simulation.Algorithms.Bench;

namespace Executor.Simulation.Algorithms.Own;

/// <summary>The model's store behind the latency and the troubles that every algorithm's database has.</summary>
internal sealed class BenchCredentialStore(BenchWorld world, BenchNode node, ICredentialStore store) : ICredentialStore
{
    public Task<CredentialSnapshot?> ReadAsync(CredentialKey key, CancellationToken cancellationToken) =>
        world.Database.CallAsync(node, () => store.ReadAsync(key, CancellationToken.None).GetAwaiter().GetResult());

    public Task<T> ChangeAsync<T>(
        CredentialKey key,
        CredentialChangeOptions options,
        Func<CredentialLedger, CredentialDecision<T>> decide,
        CancellationToken cancellationToken) => world.Database.CallAsync(
            node, () => store.ChangeAsync(key, options, decide, CancellationToken.None).GetAwaiter().GetResult(), isCommit: true);

    public Task<IReadOnlyList<CredentialKey>> FindUnresolvedAsync(CredentialKey? after, int limit, CancellationToken cancellationToken) =>
        world.Database.CallAsync(node, () => store.FindUnresolvedAsync(after, limit, CancellationToken.None).GetAwaiter().GetResult());

    public Task<IReadOnlyList<(CredentialKey Key, Guid Run)>> FindProbesAsync(int limit, CancellationToken cancellationToken) =>
        world.Database.CallAsync(node, () => store.FindProbesAsync(limit, CancellationToken.None).GetAwaiter().GetResult());
}
