namespace Executor.Load;

/// <summary>What was seen of one case.</summary>
internal sealed record Measured
{
    public required double PerSecond { get; init; }

    /// <summary>Milliseconds of one operation, or of the request that it is part of.</summary>
    public double? P50 { get; init; }

    public double? P99 { get; init; }

    /// <summary>Managed bytes an operation, by the process that does the work.</summary>
    public double? Allocated { get; init; }

    /// <summary>Processor time an operation, of that process.</summary>
    public double? CpuMicroseconds { get; init; }

    /// <summary>Transactions that changed rows, an operation.</summary>
    public double? Commits { get; init; }

    public int Errors { get; init; }

    /// <summary>Cores that were busy, by process; null for a floor in the load generator.</summary>
    public string? Cores { get; init; }

    /// <param name="loop">Its operations and times.</param>
    /// <param name="spent">By the process that does the work, in the same time.</param>
    /// <param name="commits">In the same time.</param>
    /// <param name="partsPerOperation">Steps of a run, when the figures are to be those of a step.</param>
    public static Measured Of(LoopResult loop, Spent spent, long? commits = null, int partsPerOperation = 1)
    {
        var count = Math.Max(1, loop.Operations) * partsPerOperation;
        return new Measured
        {
            PerSecond = count / loop.Elapsed.TotalSeconds,
            P50 = loop.Percentile(0.5),
            P99 = loop.Percentile(0.99),
            Allocated = spent.Bytes / count,
            CpuMicroseconds = spent.Cpu.TotalMicroseconds / count,
            Commits = commits / (double)count,
            Errors = loop.Errors,
        };
    }
}

/// <summary>By a process.</summary>
internal readonly record struct Spent(double Bytes, TimeSpan Cpu);
