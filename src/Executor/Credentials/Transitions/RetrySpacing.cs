namespace Executor.Credentials.Transitions;

/// <summary>Exponential spacing with equal jitter.</summary>
/// <param name="Jitter">0 to 1, drawn for one change, so that deciding again decides the same.</param>
internal readonly record struct RetrySpacing(double Jitter)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Confirmation = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan OperatorFirst = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan OperatorLongest = TimeSpan.FromHours(1);

    /// <summary>The longest <c>Retry-After</c> that is honoured.</summary>
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    public TimeSpan After(int failures, TimeSpan? retryAfter = null)
    {
        var own = Grow(First, Longest, failures);
        return retryAfter is { } asked && asked > own ? Spans.Min(asked, LongestRetryAfter) : own;
    }

    /// <summary>Long enough for a request that is being processed to end; callers wait for it.</summary>
    public TimeSpan BeforeConfirmation() => Confirmation * (0.5 + Jitter / 2);

    /// <summary>What has stopped passing is tried again about every hour.</summary>
    public TimeSpan AfterEscalation() => OperatorLongest * (0.9 + Jitter / 10);

    public TimeSpan AfterOperatorError(int failures) => Grow(OperatorFirst, OperatorLongest, failures);

    private TimeSpan Grow(TimeSpan first, TimeSpan longest, int failures) =>
        Spans.Min(first * Math.Pow(2, Math.Min(failures, 20)), longest) * (0.5 + Jitter / 2);
}
