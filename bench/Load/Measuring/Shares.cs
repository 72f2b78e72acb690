using System.Diagnostics;

namespace Executor.Load;

/// <summary>Who has had the processors: what is left of them says whether they are the limit.</summary>
internal sealed class Shares
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly (string Name, Func<TimeSpan> Cpu)[] _processes;
    private readonly TimeSpan[] _before;

    public Shares(World world)
    {
        _processes =
        [
            ("nodes", () => world.Nodes.Aggregate(TimeSpan.Zero, (sum, node) => sum + ProcessFigures.Cpu(node.Id))),
            ("database", world.Database.Cpu),
            ("sandbox", () => ProcessFigures.Cpu(world.Sandbox.Id)),
            ("generator", () => Environment.CpuUsage.TotalTime),
        ];
        _before = [.. _processes.Select(process => process.Cpu())];
    }

    /// <summary>Cores that each has kept busy since this was made.</summary>
    public override string ToString()
    {
        var elapsed = Stopwatch.GetElapsedTime(_began);
        return string.Join(", ", _processes.Select((process, index) => $"{process.Name} {Figure.Ratio((process.Cpu() - _before[index]) / elapsed)}"));
    }
}
