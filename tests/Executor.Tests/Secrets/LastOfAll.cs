using System.Runtime.CompilerServices;
using Executor.Testing.Secrets;

namespace Executor.Tests.Secrets;

/// <summary>What does not run in parallel runs after what does.</summary>
[CollectionDefinition(nameof(LastOfAll), DisableParallelization = true)]
public sealed class LastOfAll
{
    [ModuleInitializer]
    internal static void Watch() => SecretWatch.OfThisRun.Listen();
}

[Collection(nameof(LastOfAll))]
public sealed class SecretWatchVerdictTests : SecretWatchVerdict;
