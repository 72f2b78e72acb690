namespace Executor.Credentials.Owner;

/// <summary>Brings the owner of a credential, wherever the engine has it, to look at what is unresolved.</summary>
internal interface ICredentialRecoverer
{
    Task RecoverAsync(CredentialKey key, CancellationToken cancellationToken);
}
