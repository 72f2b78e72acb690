namespace Executor.Load;

/// <summary>What the command line asks for.</summary>
/// <param name="Duration">Of each measured case that is measured by time.</param>
/// <param name="Databases">On which the scenarios that touch one are run.</param>
/// <param name="Tiny">Counts so small that only the scenarios themselves are tried, not the product.</param>
internal sealed record Plan(TimeSpan Duration, IReadOnlyList<DatabaseKind> Databases, bool Tiny)
{
    /// <summary>Code is compiled, and caches are filled, before anything is counted.</summary>
    public TimeSpan WarmUp => Duration / 2;

    public int Count(int full, int tiny) => Tiny ? tiny : full;
}

internal enum DatabaseKind
{
    Sqlite,
    Postgres,
}

internal interface IScenario
{
    string Name { get; }

    string About { get; }

    Task RunAsync(Plan plan, Report report);
}
