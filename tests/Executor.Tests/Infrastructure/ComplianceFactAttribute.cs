using System.ComponentModel;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Executor.Tests.Infrastructure;

/// <summary>A test that every implementation inherits; skipped by name where the implementation's database is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Executor.Tests.Infrastructure.ComplianceFactDiscoverer", "Executor.Tests")]
internal sealed class ComplianceFactAttribute : FactAttribute;

/// <summary>Made by the test runner, by name.</summary>
public sealed class ComplianceFactDiscoverer(IMessageSink messages) : FactDiscoverer(messages)
{
    protected override IXunitTestCase CreateTestCase(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        new ComplianceTestCase(
            DiagnosticMessageSink,
            discoveryOptions.MethodDisplayOrDefault(),
            discoveryOptions.MethodDisplayOptionsOrDefault(),
            testMethod);
}

public sealed class ComplianceTestCase : XunitTestCase
{
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("For the runner, which deserialises.")]
    public ComplianceTestCase()
    {
    }

    public ComplianceTestCase(
        IMessageSink messages, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
        : base(messages, display, options, method)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute) =>
        TestMethod.TestClass.Class.GetCustomAttributes(typeof(NeedsPostgresAttribute)).Any()
            ? PrivatePostgres.MissingReason
            : base.GetSkipReason(factAttribute);
}
