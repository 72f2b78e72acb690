using Executor.Security;

namespace Executor.Credentials;

/// <summary>Which key the stored secrets are sealed with, whatever they say.</summary>
public interface ICredentialSeals
{
    /// <summary>Rows after <paramref name="after"/> in key order that hold a secret of another key, which may still be used.</summary>
    /// <exception cref="StoreUnavailableException">The database could not be reached.</exception>
    Task<IReadOnlyList<CredentialRow>> FindOthersAsync(KeyId current, CredentialKey? after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the row's sealed secrets, and nothing else, where the row is still as it was read. State, generation and intent stay, and
    /// nobody is woken.
    /// </summary>
    /// <returns>False when it has changed: whoever changed it sealed it too, or it is found again.</returns>
    /// <exception cref="StoreUnavailableException">The database could not be reached.</exception>
    Task<bool> ReplaceAsync(CredentialRow row, CancellationToken cancellationToken);
}
