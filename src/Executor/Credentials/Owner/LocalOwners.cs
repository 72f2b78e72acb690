using System.Collections.Concurrent;
using Executor.Credentials.Refresh;
using Executor.Nodes;
using Executor.Security.Endpoints;
using Microsoft.Extensions.Options;

namespace Executor.Credentials.Owner;

/// <summary>
/// The owners that this process has in memory, while they are used. Some belong to activations that it hosts. Others it made because an
/// activation elsewhere did not answer. Two owners of one key, here or on two nodes, are harmless: the store decides.
/// </summary>
internal sealed class LocalOwners : IDisposable
{
    private readonly ConcurrentDictionary<CredentialKey, CredentialOwner> _owners = new();
    private readonly Func<CredentialKey, CredentialOwner> _activate;
    private readonly TimeSpan _idle;
    private readonly IDisposable _subscription;
    private readonly ITimer _eviction;

    public LocalOwners(
        ICredentialStore store,
        CredentialVault vault,
        EndpointGuard guard,
        RefreshFlight refresh,
        RefreshTargets targets,
        IDetachedWork work,
        CredentialAlarms alarms,
        IChangeFeed changes,
        IOptions<CredentialOptions> options,
        TimeProvider time,
        Random random)
    {
        _activate = key =>
        {
            var reader = new CredentialReader(key, store, vault, options, time);
            var flight = new SharedFlight(refresh, reader, alarms, work, time);
            return new CredentialOwner(key, store, vault, guard, reader, flight, targets, alarms, options, time, random);
        };
        _idle = options.Value.OwnerIdle;
        _subscription = changes.Subscribe(OnChange);
        _eviction = time.CreateTimer(_ => EvictIdle(), null, _idle / 2, _idle / 2);
    }

    public CredentialOwner Activate(CredentialKey key) => _owners.GetOrAdd(key, _activate);

    public CredentialOwner? Find(CredentialKey key) => _owners.GetValueOrDefault(key);

    /// <summary>Out of memory; what it has under way goes on.</summary>
    public void Release(CredentialKey key) => _owners.TryRemove(key, out _);

    public void Dispose()
    {
        _eviction.Dispose();
        _subscription.Dispose();
    }

    private void OnChange(Change change)
    {
        switch (change)
        {
            case Change.Credential credential when _owners.TryGetValue(credential.Key, out var owner):
                owner.Invalidate();
                break;
            case Change.Gap:
                foreach (var owner in _owners.Values)
                    owner.Invalidate();
                break;
        }
    }

    private void EvictIdle()
    {
        foreach (var (key, owner) in _owners)
        {
            if (owner.IsIdle(_idle))
                _owners.TryRemove(new(key, owner));
        }
    }
}
