using Executor.Security;

namespace Executor.Tests.Security;

internal static class Keys
{
    public const string A = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    public const string B = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    public static Keyring Ring(string? current, params string[] retired) => Keyring.Create(current, retired);
}
