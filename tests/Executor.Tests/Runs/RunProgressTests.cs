using Executor.Runs;
using Executor.Runs.Driving;
using Executor.Servers;

namespace Executor.Tests.Runs;

public sealed class RunProgressTests
{
    private static readonly RunId Run = RunId.New(TimeProvider.System);
    private static readonly StepProgress Said = new("a", new McpProgress(1, 4, "said"));

    private readonly RunProgress _progress = new();
    private readonly List<StepProgress> _heard = [];

    [Fact]
    public void Watcher_hears_the_latest_at_once_and_what_follows_until_the_call_ends()
    {
        using var call = new CancellationTokenSource();
        _progress.Report(Run, Said, call.Token);

        using var watching = _progress.Watch(Run, _heard.Add);
        _progress.Report(Run, Said with { StepId = "b" }, call.Token);
        call.Cancel();
        _progress.End(Run);
        _progress.Report(Run, Said with { StepId = "c" }, call.Token);

        Assert.Equal(["a", "b"], _heard.Select(said => said.StepId));
    }

    [Fact]
    public void What_is_said_after_the_call_is_kept_for_nobody()
    {
        using var call = new CancellationTokenSource();
        call.Cancel();
        _progress.End(Run);

        _progress.Report(Run, Said, call.Token);

        using var watching = _progress.Watch(Run, _heard.Add);
        Assert.Empty(_heard);
    }
}
