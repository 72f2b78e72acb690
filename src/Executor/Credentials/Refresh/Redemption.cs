using Executor.Credentials.Transitions;

namespace Executor.Credentials.Refresh;

/// <summary>A request under an open intent, as its flight follows it.</summary>
/// <param name="startedAt">By the database's clock.</param>
/// <param name="openedAt">By this node's monotonic clock, from before the intent's commit began.</param>
internal sealed class Redemption(DateTimeOffset startedAt, long openedAt)
{
    private readonly TaskCompletionSource<SettleResult> _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isAnswered;

    public DateTimeOffset StartedAt => startedAt;

    public long OpenedAt => openedAt;

    /// <summary>Completes when its outcome is stored.</summary>
    public Task<SettleResult> Settlement => _settled.Task;

    /// <summary>A success or a refusal has arrived, stored or not.</summary>
    public bool IsAnswered => _isAnswered;

    public void Answered() => _isAnswered = true;

    public void Settled(SettleResult result) => _settled.SetResult(result);

    public void Failed(Exception defect) => _settled.SetException(defect);
}
