namespace Executor.Credentials.Pacing;

/// <summary>
/// A token bucket that holds one second's worth. What cannot wait may overdraw it, at the expense of those who can. The framework's own
/// bucket takes no <see cref="TimeProvider"/>, and its queue knows no users. Not synchronised.
/// </summary>
internal sealed class Pace(int perSecond, TimeProvider time)
{
    private double _permits = perSecond;
    private long _countedAt = time.GetTimestamp();

    public bool IsFull => Permits >= perSecond;

    /// <summary>How long until there is a permit; zero when there is one.</summary>
    public TimeSpan Wait =>
        // In whole milliseconds, rounded up: a timer that comes a tick too early would be set again for nothing.
        Permits is var permits && permits >= 1
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(Math.Ceiling((1 - permits) / perSecond * 1000));

    private double Permits
    {
        get
        {
            var now = time.GetTimestamp();
            _permits = Math.Min(perSecond, _permits + (time.GetElapsedTime(_countedAt, now).TotalSeconds * perSecond));
            _countedAt = now;
            return _permits;
        }
    }

    public void Take() => _permits = Permits - 1;

    public void GiveBack() => _permits = Math.Min(perSecond, Permits + 1);
}
