using System.Reflection;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnit;
using Executor.Credentials;
using Executor.Grains;
using Executor.Http;
using Executor.Mcp;
using Executor.Silo.Hosting;
using Executor.Storage;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Executor.Tests.Architecture;

/// <summary>Dependencies point one way: the host knows everything, the parts know the domain, the domain knows none of them.</summary>
public sealed class DirectionTests
{
    private static readonly Assembly _domain = typeof(CredentialKey).Assembly;
    private static readonly Assembly _host = typeof(ExecutorHost).Assembly;
    private static readonly Assembly[] _parts =
        [typeof(GrainServices).Assembly, typeof(ExecutorHttp).Assembly, typeof(McpOptions).Assembly, typeof(StorageOptions).Assembly];

    private static readonly Lazy<ArchUnitNET.Domain.Architecture> _all = new(() => new ArchLoader().LoadAssemblies([_domain, _host, .. _parts]).Build());

    [Fact]
    public void Domain_knows_no_part_and_no_host()
    {
        foreach (var other in _parts.Append(_host))
            AssertUnknown(_domain, other);
    }

    [Fact]
    public void Parts_know_neither_each_other_nor_the_host()
    {
        foreach (var part in _parts)
        {
            foreach (var other in _parts.Where(other => other != part).Append(_host))
                AssertUnknown(part, other);
        }
    }

    [Fact]
    public void Domain_references_no_web_actor_database_or_protocol_package()
    {
        string[] packages = ["Orleans", "Npgsql", "Dapper", "Microsoft.AspNetCore", "Microsoft.Data", "ModelContextProtocol", "System.Data.Common"];

        Assert.DoesNotContain(_domain.GetReferencedAssemblies(), referenced => packages.Any(
            package => referenced.Name!.StartsWith(package, StringComparison.Ordinal)));
    }

    private static void AssertUnknown(Assembly by, Assembly other) =>
        Types().That().ResideInAssembly(by).Should().NotDependOnAny(Types().That().ResideInAssembly(other)).Check(_all.Value);
}
