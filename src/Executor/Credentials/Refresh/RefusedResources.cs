using Executor.Identity;

namespace Executor.Credentials.Refresh;

/// <summary>
/// Clients whose token endpoint refuses the <c>resource</c> parameter (RFC 8707 §2) of a server; they are sent none for a day. Each node
/// remembers it for itself, until its end. The refusal spends no token, so a node that does not know of it yet pays one request. A table
/// would cost a read for every refresh.
/// </summary>
/// <remarks>
/// A refusal holds for the user whom it met: it may be for a tenant that only that user belongs to. Once a refresh without the resource
/// was granted, it holds for all who have the same client at the same endpoint.
/// </remarks>
internal sealed class RefusedResources(TimeProvider time)
{
    private readonly Remembered<(CredentialKey Key, string Endpoint, string? ClientId)> _refused = new(time);
    private readonly Remembered<(McpServerId Server, string Endpoint, string? ClientId)> _granted = new(time);

    public bool Contains(CredentialKey key, ClientRegistration client) =>
        _granted.Contains((key.Server, client.TokenEndpoint, client.ClientId)) || _refused.Contains((key, client.TokenEndpoint, client.ClientId));

    /// <returns>False when it was known already.</returns>
    public bool Add(CredentialKey key, ClientRegistration client) => _refused.Add((key, client.TokenEndpoint, client.ClientId));

    /// <summary>A refresh without the resource, by one whose resource was refused.</summary>
    public void Granted(CredentialKey key, ClientRegistration client) => _granted.Add((key.Server, client.TokenEndpoint, client.ClientId));

    private sealed class Remembered<T>(TimeProvider time) where T : notnull
    {
        private const int MaxRemembered = 1000;

        private static readonly TimeSpan _length = TimeSpan.FromDays(1);

        private readonly BoundedMemory<T, long> _since = new(MaxRemembered);

        public bool Contains(T what) => _since.TryGet(what, out var since) && time.GetElapsedTime(since) < _length;

        public bool Add(T what)
        {
            if (Contains(what))
                return false;
            _since.Set(what, time.GetTimestamp());
            return true;
        }
    }
}
