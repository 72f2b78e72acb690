namespace Executor.Silo.Configuration;

/// <summary>
/// A setting has one name, and the others follow from it. The environment variable and the member of the JSON file have the name itself.
/// The option is the name in lower case with dashes, without the prefix: <c>EXECUTOR_NODE_NAME</c> is <c>--node-name</c>.
/// </summary>
/// <param name="Alias">What the reference system calls it.</param>
/// <param name="IsSecret">Never quoted, and not taken from the command line, which every process on the machine can read.</param>
internal sealed record Setting(string Name, string Help, string? Alias = null, bool IsSecret = false)
{
    private const string Prefix = "EXECUTOR_";

    public string Option { get; } =
        "--" + (Name.StartsWith(Prefix, StringComparison.Ordinal) ? Name[Prefix.Length..] : Name).ToLowerInvariant().Replace('_', '-');
}
