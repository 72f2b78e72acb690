using Executor.Runs;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>A decision, ready to be written over one version of a run's row.</summary>
internal sealed class RunMove(long expected, RunRow run, IReadOnlyList<StepRow> steps)
{
    public long Expected => expected;

    public RunData Run { get; } = RunData.From(run);

    public IReadOnlyList<StepData> Steps { get; } = [.. steps.Select(StepData.From)];

    /// <summary>Roughly, in characters: all but results is small.</summary>
    public int Size { get; } = steps.Sum(step => step.Result?.Length ?? 0);

    /// <summary>For the statement that writes the run and its journal.</summary>
    public SqlArguments ToArguments() => AddJournal(ToRunArguments());

    public SqlArguments ToRunArguments() => Run.ToArguments().With("Expected", Expected);

    public SqlArguments ToJournalArguments() => AddJournal(new SqlArguments().With("Id", Run.Id));

    private SqlArguments AddJournal(SqlArguments arguments)
    {
        for (var n = 0; n < Steps.Count; n++)
            Steps[n].AddTo(arguments, n);
        return arguments;
    }
}
