using Executor.Http.Problems;

namespace Executor.Http.Runs;

internal static class RunProblems
{
    /// <summary>Another user's run is an unknown one.</summary>
    public static Problem Unknown() => Problem.NotFound(ProblemTypes.RunUnknown, "Run not found or unavailable");

    public static Problem Busy() => new(new(ProblemTypes.RunBusy, "The run is running.", 400)
    {
        Error = "This step is already running.",
    });

    public static Problem Finished() => Problem.Conflict(ProblemTypes.RunFinished, "The run has ended");
}
