using Executor.Runs;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>A decision, ready to be written over one version of a run's row.</summary>
internal sealed record RunMove(long Expected, RunRow Run, IReadOnlyList<StepRow> Steps)
{
    public SqlArguments ToArguments()
    {
        var arguments = new SqlArguments(RunData.From(Run)).With("Expected", Expected);
        for (var n = 0; n < Steps.Count; n++)
            StepData.AddTo(arguments, Steps[n], n);
        return arguments;
    }
}
