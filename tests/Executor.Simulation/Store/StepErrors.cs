using System.Text;
using Executor.Identity;
using Executor.Runs;

namespace Executor.Simulation.Store;

/// <summary>A message may quote a foreign server: what no database can carry is replaced on its way in.</summary>
internal static class StepErrors
{
    public static StepError? Kept(StepError? error)
    {
        if (error is null || WellFormed.Text(error.Message))
            return error;
        return error with { Message = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(error.Message.Replace('\0', '\uFFFD'))) };
    }
}
