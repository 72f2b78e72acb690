using Executor.Credentials.Transitions;

namespace Executor.Credentials.Refresh;

/// <summary>The redemptions that a flight has begun and not heard the end of.</summary>
internal sealed class Listening(TimeProvider time)
{
    private readonly Dictionary<IntentId, (Redemption Redemption, Task Ended)> _redemptions = [];

    public int Count => _redemptions.Count;

    public IReadOnlyCollection<IntentId> Intents => _redemptions.Keys;

    /// <summary>The one that began first.</summary>
    public Redemption? First => _redemptions.Values.Select(each => each.Redemption).MinBy(redemption => redemption.StartedAt);

    private IEnumerable<Task> Ends => _redemptions.Values.Select(each => each.Ended);

    public void To(IntentId intent, Redemption redemption) => _redemptions.Add(intent, (redemption, redemption.Settlement.Ended()));

    /// <summary>
    /// Waits for one of them to end. While <paramref name="newest"/> is open it waits for that one: it was opened to resolve what an
    /// earlier one leaves in doubt. True when the generation is settled by it. An answer that only has to be stored is waited for longer.
    /// Asking once more would bring nothing that is not here already.
    /// </summary>
    public async Task<bool> HearAsync(TimeSpan atMost, IntentId? newest = null)
    {
        using var stop = new CancellationTokenSource();
        var delay = Task.Delay(atMost, time, stop.Token).Ended();
        try
        {
            do
            {
                if (await Task.WhenAny([.. Ends, delay]) == delay)
                {
                    if (!_redemptions.Values.Any(each => each.Redemption.IsAnswered))
                        return false;
                    await Task.WhenAny(Ends);
                }

                foreach (var (id, (redemption, _)) in _redemptions.Where(each => each.Value.Redemption.Settlement.IsCompleted).ToList())
                {
                    _redemptions.Remove(id);
                    if (await redemption.Settlement != SettleResult.Failed)
                        return true;
                }
            }
            while (newest is { } awaited && _redemptions.ContainsKey(awaited));
            return false;
        }
        finally
        {
            stop.Cancel();
        }
    }
}
