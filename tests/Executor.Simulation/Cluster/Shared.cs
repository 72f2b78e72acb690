using System.Diagnostics.Metrics;
using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Runs;
using Executor.Security;
using Executor.Security.Endpoints;

namespace Executor.Simulation.Cluster;

/// <summary>What keeps no state, and is the same for every node of every world.</summary>
internal static class Shared
{
    public static readonly CredentialVault Vault = NewVault();

    public static readonly EndpointGuard Guard = new(EndpointPolicy.Strict);

    public static readonly RefreshMetrics RefreshMetrics = new(new OneMeter());

    public static readonly RunMetrics RunMetrics = new(new OneMeter());

    private static CredentialVault NewVault()
    {
        var keyring = Keyring.Create(new string('5', 64), []);
        return new CredentialVault(new SecretBox(keyring), new LineageHash(keyring));
    }

    private sealed class OneMeter : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
