namespace Executor.Credentials;

/// <summary>A complete refusal that has come again and again. After three in at least a minute nobody takes it for one that may pass.</summary>
/// <param name="Generation">Whose token was refused. An older version that makes a new generation leaves the record behind.</param>
public sealed record RepeatedRefusal(RefusalMark Mark, Generation Generation, int Count, DateTimeOffset Since)
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const int Enough = 3;

    public bool HasStoppedPassing(DateTimeOffset now) => Count >= Enough && now - Since >= Patience;

    /// <summary>One more; another refusal than before is the first of its kind.</summary>
    internal static RepeatedRefusal Next(RepeatedRefusal? before, RefusalMark mark, Generation generation, DateTimeOffset now) =>
        before is not null && before.Mark == mark && before.Generation == generation
            ? before with { Count = before.Count + 1 }
            : new RepeatedRefusal(mark, generation, 1, now);
}
