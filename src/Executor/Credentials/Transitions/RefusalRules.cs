namespace Executor.Credentials.Transitions;

/// <summary>
/// How refused tokens are paused for and tried again. Redemptions that 401s cause have a budget: two, then one at the end of each pause.
/// Only time gives it back. An MCP server may accept a token at one tool and refuse it at another, for ever.
/// </summary>
/// <param name="Jitter">0 to 1, drawn for one change, so that deciding again decides the same.</param>
internal readonly record struct RefusalRules(double Jitter)
{
    public const int FreeRedemptions = 2;

    private const int MostPauses = 11;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary>How long a redemption or a pause counts. As long as the longest pause, so that pauses stay long while they follow each other.</summary>
    private static readonly TimeSpan GivenBackAfter = LongestPause;

    /// <summary>Long enough for a refresh and a call. A prober that has died is followed by another after it.</summary>
    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(60);

    /// <summary>The record with what time has given back.</summary>
    public static TokenRefusal At(TokenRefusal refusal, DateTimeOffset now)
    {
        if (refusal.CountedAt is not { } counted || now - counted < GivenBackAfter)
            return refusal;
        var given = (int)Math.Min((now - counted) / GivenBackAfter, int.MaxValue);
        return refusal with
        {
            Redemptions = Math.Max(refusal.Redemptions - given, 0),
            Pauses = Math.Max(refusal.Pauses - given, 0),
            CountedAt = counted + (given * GivenBackAfter),
        };
    }

    public static bool IsAllowed(TokenRefusal refusal) => refusal.Redemptions < FreeRedemptions;

    public static TokenRefusal Count(TokenRefusal refusal, DateTimeOffset now) =>
        refusal with { Redemptions = refusal.Redemptions + 1, CountedAt = now };

    /// <summary>The one at the end of a pause.</summary>
    public static TokenRefusal CountProbe(TokenRefusal refusal, DateTimeOffset now) =>
        Count(refusal, now) with { ProbeHasRedeemed = true };

    public static TokenRefusal End(TokenRefusal refusal) => refusal with
    {
        Since = null,
        Until = null,
        Prober = null,
        ProbeDeadline = null,
        ProbeHasRedeemed = false,
        Episode = refusal.Episode + (refusal.IsActive ? 1 : 0),
    };

    /// <summary>Null while the pause lasts, or another one's probe.</summary>
    public static TokenRefusal? Take(TokenRefusal refusal, ProbeId prober, DateTimeOffset now) =>
        now < refusal.Until || (refusal.Prober != prober && now < refusal.ProbeDeadline)
            ? null
            : refusal with { Prober = prober, ProbeDeadline = now + ProbeTime, ProbeHasRedeemed = false };

    /// <summary>A token was refused, or may not be tried again yet: a pause begins.</summary>
    public TokenRefusal Pause(TokenRefusal refusal, DateTimeOffset now)
    {
        var pauses = Math.Min(refusal.Pauses + 1, MostPauses);
        var length = Spans.Min(FirstPause * Math.Pow(2, pauses - 1), LongestPause) * (1 + (Jitter / 5));
        return refusal with
        {
            Pauses = pauses,
            CountedAt = now,
            Since = refusal.Since ?? now,
            Until = now + length,
            Prober = null,
            ProbeDeadline = null,
            ProbeHasRedeemed = false,
        };
    }
}
