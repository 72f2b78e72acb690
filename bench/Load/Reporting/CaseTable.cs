namespace Executor.Load;

/// <summary>The table that most scenarios print: a row a case, each beside the floor that it is held against.</summary>
internal sealed class CaseTable(string operation)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    /// <param name="name">The case.</param>
    /// <param name="measured">What was seen.</param>
    /// <param name="floor">Of the same run; null for a floor itself.</param>
    public void Add(string name, Measured measured, Measured? floor = null) => _rows.Add(
    [
        name,
        Figure.Of(measured.PerSecond),
        Figure.Of(measured.P50),
        Figure.Of(measured.P99),
        Figure.Of(measured.Allocated / 1000),
        Figure.Of(measured.CpuMicroseconds),
        Figure.Of(measured.Commits),
        Figure.Ratio(measured.PerSecond / floor?.PerSecond),
        measured.Errors.ToString(),
        measured.Cores ?? Figure.None,
    ]);

    public void Print(Report report) => report.Table(
        ["case", $"{operation}/s", "p50 ms", "p99 ms", $"kB allocated/{operation}", $"CPU µs/{operation}", $"commits/{operation}", "ratio to floor", "errors", "cores busy"],
        _rows);
}
