namespace Executor.Credentials.Refresh;

/// <summary>How an attempt at a refresh ended, for those who waited for it: what they get, they read from the store.</summary>
internal abstract record FlightEnd
{
    private FlightEnd()
    {
    }

    /// <summary>The row has moved: look again.</summary>
    public sealed record Moved : FlightEnd;

    public sealed record RetryLater(TimeSpan After) : FlightEnd;

    public sealed record Undecryptable : FlightEnd;

    public sealed record KeyMissing : FlightEnd;
}
