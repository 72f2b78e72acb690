using Executor.Servers;

namespace Executor.Runs;

/// <summary>
/// What servers say of calls under way. It is kept nowhere: only the node that makes a call knows it, and only while the call lasts.
/// </summary>
public interface IRunProgress
{
    /// <param name="heard">Called with the latest at once, where there is one, and then with each; it must not take long.</param>
    IDisposable Watch(RunId run, Action<StepProgress> heard);
}

public sealed record StepProgress(string StepId, McpProgress Progress);
