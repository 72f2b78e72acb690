using Executor.Credentials;
using Executor.Runs;

namespace Executor.Simulation.Store;

/// <summary>What becomes of a write that was decided.</summary>
internal enum CommitFate
{
    /// <summary>It takes place, and the caller is told.</summary>
    Committed,

    /// <summary>Nothing changes, and the caller is told that the database is not available.</summary>
    Aborted,

    /// <summary>It takes place, the caller is told that the database is not available, and nobody is notified.</summary>
    Untold,
}

/// <summary>A write between its decision and its commit.</summary>
/// <param name="Operation">The interface's method, without its suffix.</param>
internal readonly record struct ModelWrite(ModelSession Session, string Operation, CredentialKey? Credential = null, RunId? Run = null);
