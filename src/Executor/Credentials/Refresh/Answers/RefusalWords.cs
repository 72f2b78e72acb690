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

    private static readonly string[] _deadToken =
    [
        "invalid refresh token", "expired refresh token", "revoked refresh token", "unknown refresh token",
        "refresh token invalid", "refresh token expired", "refresh token revoked",
        "refresh token is invalid", "refresh token is expired", "refresh token is revoked", "refresh token is not valid",
        "refresh token is no longer valid", "refresh token has expired", "refresh token has been revoked", "refresh token was revoked",
        "refresh token has been used", "refresh token has already been used", "refresh token not found", "refresh token does not exist",
        "token has been expired or revoked", "expired access refresh token",
    ];

    public static readonly IReadOnlyList<RefusalWords> All =
    [
        .. _deadToken.Select(words => new RefusalWords(
            words, "invalid_request", "invalid_request", AnswerClass.Reconnect, "github.com/wix-incubator/DeviantArt-API#58, and others")),
        .. _deadToken.Select(words => new RefusalWords(
            words, "unauthorized_client", "unauthorized_client", AnswerClass.Reconnect, "Atlassian: github.com/raycast/extensions#11836")),
        .. _deadToken.Select(words => new RefusalWords(words, "invalid_grant", null, AnswerClass.Reconnect, DeadToken)),
        new("invalid grant", "invalid_grant", null, AnswerClass.Reconnect, "an error code in «message», without an «error» member"),
        new("invalid token", "invalid_request", "invalid_request", AnswerClass.Reconnect, "Zoom, in «reason»: github.com/raycast/extensions#10896"),
        new("invalid client", "invalid_client", null, AnswerClass.Operator, "an error code in «message», without an «error» member"),
        new("resource parameter", "invalid_target", "invalid_request", AnswerClass.Resource, "Microsoft Entra's words for AADSTS901002 and AADSTS9010010"),
        new("parameter resource", "invalid_target", "invalid_request", AnswerClass.Resource, "servers that refuse a parameter they do not know"),
        new("resource indicator", "invalid_target", "invalid_request", AnswerClass.Resource, "RFC 8707's own name for it"),
    ];

    private AnswerRow Row { get; } = new(Code, "(its words)", Class, Source, Class switch
    {
        AnswerClass.Reconnect => CredentialReason.Revoked,
        AnswerClass.Operator => CredentialReason.InvalidClient,
        _ => CredentialReason.None,
    });

    /// <summary>The answer's row as its text corrects it; null where it does not.</summary>
    /// <param name="code">The answer's, if the table has it.</param>
    public static AnswerRow? Find(string? code, string text)
    {
        var plain = $" {Plain(text)} ";
        return All.FirstOrDefault(row => row.Beside == code && plain.Contains($" {row.Words} ", StringComparison.Ordinal))?.Row;
    }

    private static string Plain(string text) => string.Join(
        ' ',
        string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' '))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
