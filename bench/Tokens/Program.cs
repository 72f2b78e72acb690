using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Executor.Tokens;

// A token that is at hand, in the process of its owner: the mean includes that the database is asked again each time 5 s have passed.
var artifacts = Directory.CreateTempSubdirectory("executor-tokens-");
try
{
    var config = ManualConfig.CreateEmpty()
        .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance)
        .AddJob((args.Contains("--tiny", StringComparer.Ordinal) ? Job.Dry : Job.Default).WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddLogger(NullLogger.Instance)
        .WithArtifactsPath(artifacts.FullName)
        .WithOptions(ConfigOptions.DisableOptimizationsValidator | ConfigOptions.DisableLogFile);
    var summary = BenchmarkRunner.Run<TokenBenchmarks>(config);
    MarkdownExporter.GitHub.ExportToLog(summary, ConsoleLogger.Unicode);
    return summary.Reports.All(report => report.Success) ? 0 : 1;
}
finally
{
    artifacts.Delete(recursive: true);
}
