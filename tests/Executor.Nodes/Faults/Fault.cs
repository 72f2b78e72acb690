using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Faults;

/// <summary>What becomes of the node that refreshes.</summary>
internal enum Fate
{
    Killed,

    /// <summary>Thawed before anybody may take over.</summary>
    FrozenBriefly,

    /// <summary>Thawed when others have taken over, where the provider tolerates it.</summary>
    FrozenPastTheLease,

    /// <summary>Thawed when even a strict provider's deadline has passed.</summary>
    FrozenPastTheDeadline,
}

/// <summary>How far the refresh has come by then.</summary>
internal enum Point
{
    /// <summary>A lock holds up the intent's commit.</summary>
    IntentCommit,

    /// <summary>The provider has the request, and has not spent the token.</summary>
    Request,

    /// <summary>The provider has spent the token, and has not answered.</summary>
    Answer,

    /// <summary>The answer has come; a lock holds up the result's commit.</summary>
    ResultCommit,

    /// <summary>The connection broke after the request was written; the node has noted its doubt.</summary>
    Connection,
}

/// <summary>When the provider goes on with what it holds.</summary>
internal enum GoesOn
{
    /// <summary>It gives up when the connection is gone.</summary>
    Never,

    AtOnce,
    OnceOthersAreServed,
    DuringTheFreeze,
    AfterTheThaw,
}

/// <summary>One row of the table.</summary>
/// <param name="Strict">What is expected at a strict provider; at the others nothing is ever lost.</param>
internal sealed record Fault(Fate Fate, Point Point, GoesOn Provider, string Text, string Strict = Outcomes.Saved)
{
    private const string Requested = "the provider has the request";
    private const string Spent = "the provider has spent the token";
    private const string Dropped = "the connection broke on the sent request";

    public static IReadOnlyList<Fault> All { get; } =
    [
        new(Fate.Killed, Point.IntentCommit, GoesOn.Never, "the intent is not committed yet"),
        new(Fate.Killed, Point.Request, GoesOn.Never, $"{Requested}, and drops it"),
        new(Fate.Killed, Point.Request, GoesOn.AtOnce, $"{Requested}, and processes it after the death", Outcomes.Lost),
        new(Fate.Killed, Point.Request, GoesOn.OnceOthersAreServed, $"{Requested}, and processes it after another node's", Outcomes.LostLate),
        new(Fate.Killed, Point.Answer, GoesOn.Never, $"{Spent}, and has not answered", Outcomes.Lost),
        new(Fate.Killed, Point.ResultCommit, GoesOn.Never, "the answer is here, and not committed yet", Outcomes.Lost),
        new(Fate.Killed, Point.Connection, GoesOn.AtOnce, $"{Dropped}, which is processed late", Outcomes.Lost),
        new(Fate.Killed, Point.Connection, GoesOn.Never, $"{Dropped}, which is never processed"),

        new(Fate.FrozenBriefly, Point.IntentCommit, GoesOn.Never, "the intent is not committed yet"),
        new(Fate.FrozenBriefly, Point.Request, GoesOn.AfterTheThaw, $"{Requested}, and processes it after the thaw"),
        new(Fate.FrozenBriefly, Point.Answer, GoesOn.AfterTheThaw, $"{Spent}, and answers after the thaw"),
        new(Fate.FrozenBriefly, Point.ResultCommit, GoesOn.Never, "the answer is here, and not committed yet"),

        new(Fate.FrozenPastTheLease, Point.IntentCommit, GoesOn.Never, "the intent is not committed yet"),
        new(Fate.FrozenPastTheLease, Point.Request, GoesOn.DuringTheFreeze, $"{Requested}, and processes it during the freeze"),
        new(Fate.FrozenPastTheLease, Point.Request, GoesOn.AfterTheThaw, $"{Requested}, and processes it after the thaw"),
        new(Fate.FrozenPastTheLease, Point.Answer, GoesOn.DuringTheFreeze, $"{Spent}, and answers during the freeze"),
        new(Fate.FrozenPastTheLease, Point.Answer, GoesOn.AfterTheThaw, $"{Spent}, and answers after the thaw"),
        new(Fate.FrozenPastTheLease, Point.ResultCommit, GoesOn.Never, "the answer is here, and not committed yet"),
        new(Fate.FrozenPastTheLease, Point.Connection, GoesOn.DuringTheFreeze, $"{Dropped}, which is processed late", Outcomes.Lost),

        new(Fate.FrozenPastTheDeadline, Point.Request, GoesOn.Never, $"{Requested}, and drops it"),
        new(Fate.FrozenPastTheDeadline, Point.Request, GoesOn.DuringTheFreeze, $"{Requested}, and processes it during the freeze"),
        new(Fate.FrozenPastTheDeadline, Point.Answer, GoesOn.Never, $"{Spent}, and does not answer", Outcomes.Lost),
        new(Fate.FrozenPastTheDeadline, Point.Answer, GoesOn.DuringTheFreeze, $"{Spent}, and answers during the freeze"),
        new(Fate.FrozenPastTheDeadline, Point.ResultCommit, GoesOn.Never, "the answer is here, and not committed yet"),
    ];

    public string Name => $"{Fate}: {Text}";

    public bool IsHeldByLock => Point is Point.IntentCommit or Point.ResultCommit;

    public string ExpectedAt(Provider provider) => provider.IsStrict ? Strict : Outcomes.Saved;

    /// <summary>Until it is taken back: a tolerant victim may ask again before it is struck.</summary>
    public OAuthFault At(string grantId)
    {
        var fault = Point switch
        {
            Point.Connection => OAuthFault.LateAfterDrop(),
            Point.Request when Provider is GoesOn.Never or GoesOn.AfterTheThaw => OAuthFault.HangBeforeSpending(),
            Point.Request => OAuthFault.LateWhileHeld(),
            _ => OAuthFault.HangAfterSpending(),
        };
        return fault with { GrantId = grantId, Times = null };
    }
}
