namespace Executor.Credentials.Refresh;

/// <summary>How an attempt at a refresh ended, for those who waited for it: what they get, they read from the store.</summary>
internal abstract record FlightEnd
{
    private FlightEnd()
    {
    }

    /// <summary>The row has moved: look again.</summary>
    public sealed record Moved : FlightEnd;

    /// <param name="After">Not before this has passed.</param>
    /// <param name="Elsewhere">It is this node alone that may send nothing at the moment.</param>
    public sealed record RetryLater(TimeSpan After, bool Elsewhere = false) : FlightEnd;

    public sealed record Undecryptable : FlightEnd;

    public sealed record KeyMissing : FlightEnd;
}
