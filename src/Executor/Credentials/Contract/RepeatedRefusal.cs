namespace Executor.Credentials;

/// <summary>
/// A complete refusal that has come again and again. After three in at least a minute nobody takes it for one that may pass. Without a
/// code it takes an hour: a firewall or a proxy that turns requests away often stops doing so.
/// </summary>
/// <param name="Generation">Whose token was refused. An older version that makes a new generation leaves the record behind.</param>
public sealed record RepeatedRefusal(RefusalMark Mark, Generation Generation, int Count, DateTimeOffset Since)
{
    private const int Enough = 3;

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _patienceWithoutCode = TimeSpan.FromHours(1);

    /// <summary>
    /// The second try comes soon, and the third when the refusal has lasted long enough to be judged. So an operator is told after three
    /// tries, and not one more. A refusal without a code is tried like any failure meanwhile.
    /// </summary>
    internal DateTimeOffset? NotBefore => Count > 1 && Mark.HasCode ? Since + _patience : null;

    public bool HasStoppedPassing(DateTimeOffset now) =>
        Count >= Enough && now - Since >= (Mark.HasCode ? _patience : _patienceWithoutCode);

    /// <summary>One more; another refusal than before is the first of its kind.</summary>
    internal static RepeatedRefusal Next(RepeatedRefusal? before, RefusalMark mark, Generation generation, DateTimeOffset now) =>
        before is not null && before.Mark == mark && before.Generation == generation
            ? before with { Count = before.Count + 1 }
            : new RepeatedRefusal(mark, generation, 1, now);
}
