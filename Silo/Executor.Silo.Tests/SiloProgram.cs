using Executor.Silo.Hosting;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("Executor.Silo.Tests.SiloTestFramework", "Executor.Silo.Tests")]

namespace Executor.Silo.Tests;

/// <summary>Makes the nodes of every test of this assembly silos, before the first test is looked for.</summary>
public sealed class SiloTestFramework : XunitTestFramework
{
    public SiloTestFramework(IMessageSink messageSink)
        : base(messageSink) => NodeProgram.Current = SiloProgram.Create();
}

internal static class SiloProgram
{
    /// <summary>
    /// The directory that holds Orleans' own scripts for PostgreSQL, of the version that the packages have: they are in its
    /// repository, and not in the packages.
    /// </summary>
    private const string Variable = "ORLEANS_SQL";

    private static readonly string[] Scripts = ["PostgreSQL-Main.sql", "PostgreSQL-Clustering.sql"];

    public static NodeProgram Create()
    {
        var directory = Environment.GetEnvironmentVariable(Variable) ?? "";
        var missing = Scripts.Where(script => !File.Exists(Path.Combine(directory, script))).ToList();
        return new NodeProgram(typeof(SiloSettings).Assembly.Location)
        {
            MissingReason = missing.Count == 0 ? null : $"{Variable} names no directory with Orleans' {string.Join(" and ", missing)}.",
            OutlivesFreeze = false,
            Settings = () => [("SILO_PORT", $"{Ports.Free()}")],
            Schema = string.Join('\n', Scripts.Except(missing).Select(script => File.ReadAllText(Path.Combine(directory, script)))),
        };
    }
}
