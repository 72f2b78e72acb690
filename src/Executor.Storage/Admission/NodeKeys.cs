using Executor.Security;

namespace Executor.Storage.Admission;

/// <summary>The ids of a node's keys as its row has them: the one that it seals with first.</summary>
internal static class NodeKeys
{
    /// <returns>Empty for a node that seals nothing: retired keys alone open nothing either.</returns>
    public static string Of(Keyring keys) => keys.HasKey ? string.Join(',', keys.Checks) : "";

    public static string[] Split(string? keyIds) => (keyIds ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
}
