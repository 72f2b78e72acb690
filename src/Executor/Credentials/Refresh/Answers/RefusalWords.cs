namespace Executor.Credentials.Refresh;

/// <summary>
/// Fixed words in a refusal's text that say what its code does not. A text is compared with these and with nothing else; it is not kept,
/// logged or shown. Both sides are compared in lower case, with one space for whatever is neither letter nor digit.
/// </summary>
/// <param name="Code">What is told of it.</param>
/// <param name="Beside">The code that the words may correct; null where the answer has none, or one that the table does not have.</param>
internal sealed record RefusalWords(string Words, string Code, string? Beside, AnswerClass Class, string Source)
{
    private const string DeadToken = "the words of invalid_grant in RFC 6749 §5.2, said with another code or none";
    private const string RateLimit = "GitHub: docs.github.com, Rate limits for the REST API; RFC 6585 §4; AWS: ThrottlingException";

    private static readonly char[] _sentenceEnds = ['.', '!', '?', ';', ':', '\r', '\n'];

    /// <summary>What a refresh token begins the name of: «invalid refresh token request» says nothing of the token.</summary>
    private static readonly string[] _itsThings =
        ["grant", "request", "type", "parameter", "lifetime", "rotation", "policy", "configuration", "setting", "settings", "endpoint", "flow"];

    private static readonly string[] _deadToken =
    [
        "invalid refresh token", "expired refresh token", "revoked refresh token", "unknown refresh token",
        "refresh token invalid", "refresh token expired", "refresh token revoked",
        "refresh token is invalid", "refresh token is expired", "refresh token is revoked", "refresh token is not valid",
        "refresh token is no longer valid", "refresh token has expired", "refresh token has been revoked", "refresh token was revoked",
        "refresh token has been used", "refresh token has already been used", "refresh token not found", "refresh token does not exist",
        "token has been expired or revoked", "expired access refresh token",
    ];

    private static readonly string[] _rateLimit = ["too many requests", "too many attempts", "rate limit", "rate limits", "rate limited", "rate exceeded"];

    /// <summary>Who misses a resource does not refuse it.</summary>
    private static readonly string[] _missing =
    [
        "missing", "required", "mandatory", "absent", "no resource", "not provided", "not present", "not specified", "not included",
        "must be provided", "must be present", "must be specified", "must be included", "must be set", "must include", "must contain",
    ];

    /// <summary>The first that is found counts.</summary>
    public static readonly IReadOnlyList<RefusalWords> All =
    [
        .. _rateLimit.SelectMany(words => new[] { null, "invalid_request", "access_denied" }.Select(beside => new RefusalWords(
            words, BlockedReason.RateLimited.Word, beside, AnswerClass.Passing, RateLimit))),
        .. _deadToken.SelectMany(words => new[]
        {
            new RefusalWords(words, "invalid_request", "invalid_request", AnswerClass.Reconnect, "github.com/wix-incubator/DeviantArt-API#58, and others"),
            new RefusalWords(words, "unauthorized_client", "unauthorized_client", AnswerClass.Reconnect, "Atlassian: github.com/raycast/extensions#11836"),
            new RefusalWords(words, "invalid_grant", null, AnswerClass.Reconnect, DeadToken),
        }.Select(row => row with { Unless = [.. _itsThings.Select(thing => $"{words} {thing}")] })),
        new("invalid grant", "invalid_grant", null, AnswerClass.Reconnect, "an error code in «message», without an «error» member") { IsSentence = true },
        new("invalid token", "invalid_request", "invalid_request", AnswerClass.Reconnect, "Zoom, in «reason»: github.com/raycast/extensions#10896") { IsSentence = true },
        new("invalid client", "invalid_client", null, AnswerClass.Operator, "an error code in «message», without an «error» member") { IsSentence = true },
        new("resource parameter", "invalid_target", "invalid_request", AnswerClass.Resource, "Microsoft Entra's words for AADSTS901002 and AADSTS9010010") { Unless = _missing },
        new("parameter resource", "invalid_target", "invalid_request", AnswerClass.Resource, "servers that refuse a parameter they do not know") { Unless = _missing },
        new("resource indicator", "invalid_target", "invalid_request", AnswerClass.Resource, "RFC 8707's own name for it") { Unless = _missing },
    ];

    /// <summary>They are all that a sentence says: in a longer one they may be half of another word, as in «invalid grant type».</summary>
    public bool IsSentence { get; init; }

    /// <summary>Words that turn their meaning, in the same text.</summary>
    public IReadOnlyList<string> Unless { get; init; } = [];

    private AnswerRow Row => new(Code, "(its words)", Class, Source, Class switch
    {
        AnswerClass.Reconnect => CredentialReason.Revoked,
        AnswerClass.Operator => CredentialReason.InvalidClient,
        _ => CredentialReason.None,
    });

    /// <summary>The answer's row as its text corrects it; null where it does not.</summary>
    /// <param name="code">The answer's, if the table has it.</param>
    public static AnswerRow? Find(string? code, string text)
    {
        var plain = Plain(text);
        var sentences = text.Split(_sentenceEnds).Select(Plain).ToList();
        return All.FirstOrDefault(row => row.Beside == code && row.IsIn(plain, sentences))?.Row;
    }

    private bool IsIn(string plain, List<string> sentences) =>
        IsSentence ? sentences.Contains(Words) : Has(plain, Words) && !Unless.Any(words => Has(plain, words));

    private static bool Has(string plain, string words) => $" {plain} ".Contains($" {words} ", StringComparison.Ordinal);

    private static string Plain(string text) => string.Join(
        ' ',
        string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' '))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
