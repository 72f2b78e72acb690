using System.Reflection;

namespace Executor.Http;

public static class ExecutorVersion
{
    public static string Current { get; } =
        typeof(ExecutorVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
}
