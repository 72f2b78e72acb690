using Executor.Credentials.Transitions;

namespace Executor.Credentials.Refresh;

/// <summary>A request under an open intent, as its flight follows it.</summary>
internal sealed class Redemption
{
    private readonly TaskCompletionSource<SettleResult> _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isAnswered;

    /// <summary>Completes when its outcome is stored.</summary>
    public Task<SettleResult> Settlement => _settled.Task;

    /// <summary>A success or a refusal has arrived, stored or not.</summary>
    public bool IsAnswered => _isAnswered;

    public void Answered() => _isAnswered = true;

    public void Settled(SettleResult result) => _settled.SetResult(result);

    public void Failed(Exception defect) => _settled.SetException(defect);
}
