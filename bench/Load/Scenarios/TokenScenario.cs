using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Executor.Load.Scenarios;

/// <summary>A token that is at hand, in the process that owns its credential.</summary>
internal sealed class TokenScenario : IScenario
{
    public string Name => "tokens";

    public string About => "hand-out of a token that is at hand";

    public Task RunAsync(Plan plan, Report report)
    {
        var artifacts = Directory.CreateTempSubdirectory("executor-load-");
        try
        {
            var job = plan.Tiny ? Job.Dry : Job.Default.WithWarmupCount(5).WithIterationCount(12).WithIterationTime(Perfolizer.Horology.TimeInterval.FromMilliseconds(250));
            var log = new AccumulationLogger();
            var config = ManualConfig.CreateEmpty()
                .AddJob(job.WithToolchain(InProcessEmitToolchain.Instance))
                .AddDiagnoser(MemoryDiagnoser.Default)
                .AddLogger(log)
                .WithArtifactsPath(artifacts.FullName)
                .WithOptions(ConfigOptions.DisableOptimizationsValidator | ConfigOptions.DisableLogFile);
            var summary = BenchmarkRunner.Run<TokenBenchmarks>(config);
            if (!summary.Reports.All(each => each.Success))
                throw new InvalidOperationException(log.GetLog());
            Print(summary, report);
        }
        finally
        {
            artifacts.Delete(recursive: true);
        }

        return Task.CompletedTask;
    }

    private static void Print(Summary summary, Report report)
    {
        report.Text("In process, one caller at a time (BenchmarkDotNet). Its owner asks the database again each time 5 s have passed: that is in the mean.");
        var floor = Mean(summary.Reports.Single(each => IsFloor(each.BenchmarkCase)));
        report.Table(
            ["case", "tokens/s", "mean ns", "p50 ns", "p99 ns", "B allocated/token", "commits/token", "ratio to floor"],
            summary.Reports.OrderBy(each => !IsFloor(each.BenchmarkCase)).Select(each => (string[])
            [
                each.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\''),
                Figure.Of(1e9 / Mean(each)),
                Figure.Of(Mean(each)),
                Figure.Of(each.ResultStatistics!.Percentiles.P50),
                Figure.Of(each.ResultStatistics.Percentiles.Percentile(99)),
                Figure.Of(each.GcStats.GetBytesAllocatedPerOperation(each.BenchmarkCase)),
                "0",
                IsFloor(each.BenchmarkCase) ? Figure.None : Figure.Ratio(floor / Mean(each)),
            ]));
        report.Text("Percentiles are those of iterations' means: no clock resolves one call. The calls are one thread's and wait for nothing: the mean is their processor time, too.");
    }

    private static bool IsFloor(BenchmarkCase each) => each.Descriptor.Baseline;

    private static double Mean(BenchmarkReport report) =>
        report.ResultStatistics?.Mean ?? throw new InvalidOperationException("A benchmark gave no result.");
}
