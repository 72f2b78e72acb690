using Executor.Credentials;

namespace Executor.Simulation.Store;

/// <summary>The order of keys in both databases: users by number, servers by their UTF-8 bytes.</summary>
internal sealed class KeyOrder : IComparer<CredentialKey>
{
    public static readonly KeyOrder Instance = new();

    public int Compare(CredentialKey x, CredentialKey y)
    {
        var users = x.User.Value.CompareTo(y.User.Value);
        return users != 0 ? users : Compare(x.Server.Value, y.Server.Value);
    }

    // UTF-16 orders like UTF-8 but for surrogates, which stand for what comes after everything else.
    private static int Compare(string x, string y)
    {
        var common = Math.Min(x.Length, y.Length);
        for (var i = 0; i < common; i++)
        {
            if (x[i] != y[i])
                return char.IsSurrogate(x[i]) == char.IsSurrogate(y[i]) ? x[i].CompareTo(y[i]) : char.IsSurrogate(x[i]) ? 1 : -1;
        }

        return x.Length.CompareTo(y.Length);
    }
}
