using System.Collections.Frozen;

namespace Executor.Credentials.Refresh;

/// <summary>What an error code says of the refresh token.</summary>
internal enum AnswerClass
{
    /// <summary>The grant is over, or its user has to be there: the user must reconnect.</summary>
    Reconnect,

    /// <summary>The client registration does not work: an operator must act.</summary>
    Operator,

    /// <summary>Not spent, and it passes by itself.</summary>
    Passing,

    /// <summary>Not spent, because the request was refused as such. The same request may be refused for ever.</summary>
    NotSpent,

    /// <summary>Not spent, because of the <c>resource</c> parameter.</summary>
    Resource,

    /// <summary>Nothing is said of the token.</summary>
    InDoubt,
}

/// <param name="Provider">Who says it; a registered code has its specification here.</param>
/// <param name="Reason">For <see cref="AnswerClass.Reconnect"/> and <see cref="AnswerClass.Operator"/>.</param>
internal sealed record AnswerRow(string Code, string Provider, AnswerClass Class, string Source, CredentialReason Reason);

/// <summary>
/// The error codes of token endpoints. Nothing else makes a user reconnect: what has no row here is at most an operator's error, once it has
/// come often enough. Entra's numbers are written as its own texts write them.
/// </summary>
internal static partial class AnswerTable
{
    /// <summary>No code is longer.</summary>
    private const int MaxLength = 100;

    private static readonly FrozenDictionary<string, AnswerRow> _byCode = Rows().ToFrozenDictionary(row => Plain(row.Code), StringComparer.Ordinal);

    public static IReadOnlyCollection<AnswerRow> All => _byCode.Values;

    /// <summary>However it is written: <c>invalid_grant</c>, <c>InvalidGrant</c> and <c>Invalid grant</c> are the same word.</summary>
    public static AnswerRow? Find(string code) => code.Length <= MaxLength ? _byCode.GetValueOrDefault(Plain(code)) : null;

    private static string Plain(string code) => string.Concat(code.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant));

    private static IEnumerable<AnswerRow> Rows() => [.. Registered(), .. Dialects(), .. Entra()];

    private static AnswerRow Reconnect(string code, string provider, string source) =>
        new(code, provider, AnswerClass.Reconnect, source, CredentialReason.Revoked);

    private static AnswerRow Operator(string code, string provider, string source, CredentialReason reason = CredentialReason.InvalidClient) =>
        new(code, provider, AnswerClass.Operator, source, reason);

    private static AnswerRow Passing(string code, string provider, string source) =>
        new(code, provider, AnswerClass.Passing, source, CredentialReason.None);

    private static AnswerRow NotSpent(string code, string provider, string source) =>
        new(code, provider, AnswerClass.NotSpent, source, CredentialReason.None);

    private static AnswerRow Resource(string code, string provider, string source) =>
        new(code, provider, AnswerClass.Resource, source, CredentialReason.None);

    private static AnswerRow InDoubt(string code, string provider, string source) =>
        new(code, provider, AnswerClass.InDoubt, source, CredentialReason.None);

    /// <summary>IANA, «OAuth Extensions Error Registry».</summary>
    private static IEnumerable<AnswerRow> Registered() =>
    [
        NotSpent("invalid_request", "RFC 6749", "§5.2"),
        Operator("invalid_client", "RFC 6749", "§5.2"),
        Reconnect("invalid_grant", "RFC 6749", "§5.2"),
        Operator("unauthorized_client", "RFC 6749", "§5.2", CredentialReason.UnauthorizedClient),
        NotSpent("unsupported_grant_type", "RFC 6749", "§5.2"),
        NotSpent("invalid_scope", "RFC 6749", "§5.2"),
        NotSpent("access_denied", "RFC 6749", "§4.1.2.1"),
        NotSpent("unsupported_response_type", "RFC 6749", "§4.1.2.1"),
        InDoubt("server_error", "RFC 6749", "§4.1.2.1"),
        Passing("temporarily_unavailable", "RFC 6749", "§4.1.2.1"),
        Reconnect("invalid_token", "RFC 6750", "§3.1; at a token endpoint the token is the refresh token (Spring Security OAuth says so of an expired one)"),
        NotSpent("insufficient_scope", "RFC 6750", "§3.1"),
        NotSpent("unsupported_token_type", "RFC 7009", "§2.2.1"),
        NotSpent("invalid_redirect_uri", "RFC 7591", "§3.2.2"),
        NotSpent("invalid_client_metadata", "RFC 7591", "§3.2.2"),
        NotSpent("invalid_software_statement", "RFC 7591", "§3.2.2"),
        NotSpent("unapproved_software_statement", "RFC 7591", "§3.2.2"),
        Passing("authorization_pending", "RFC 8628", "§3.5"),
        Passing("slow_down", "RFC 8628", "§3.5"),
        Reconnect("expired_token", "RFC 8628", "§3.5; what expires at a refresh is the refresh token"),
        Resource("invalid_target", "RFC 8707", "§2"),
        NotSpent("invalid_request_uri", "RFC 9101", "§7, and RFC 9126 §2.3"),
        NotSpent("invalid_request_object", "RFC 9101", "§7"),
        NotSpent("request_not_supported", "OpenID Connect Core 1.0", "§3.1.2.6"),
        NotSpent("request_uri_not_supported", "OpenID Connect Core 1.0", "§3.1.2.6"),
        NotSpent("registration_not_supported", "OpenID Connect Core 1.0", "§3.1.2.6"),
        Reconnect("interaction_required", "OpenID Connect Core 1.0", "§3.1.2.6"),
        Reconnect("login_required", "OpenID Connect Core 1.0", "§3.1.2.6"),
        Reconnect("account_selection_required", "OpenID Connect Core 1.0", "§3.1.2.6"),
        Reconnect("consent_required", "OpenID Connect Core 1.0", "§3.1.2.6"),
        Reconnect("unmet_authentication_requirements", "OpenID Connect", "Core Error Code unmet_authentication_requirements 1.0, §2"),
        Reconnect("insufficient_user_authentication", "RFC 9470", "§3"),
        NotSpent("invalid_authorization_details", "RFC 9396", "§5"),
        NotSpent("invalid_dpop_proof", "RFC 9449", "§5"),
        NotSpent("use_dpop_nonce", "RFC 9449", "§8; no proof is ever sent, so that a nonce alone does not help"),
        NotSpent("unsupported_pop_key", "RFC 9200", "§5.8.3"),
        NotSpent("incompatible_ace_profiles", "RFC 9200", "§5.8.3"),
        NotSpent("need_info", "UMA 2.0 Grant", "§3.3.6"),
        NotSpent("request_denied", "UMA 2.0 Grant", "§3.3.6"),
        NotSpent("request_submitted", "UMA 2.0 Grant", "§3.3.6"),
        NotSpent("expired_login_hint_token", "OpenID CIBA Core 1.0", "§13"),
        NotSpent("unknown_user_id", "OpenID CIBA Core 1.0", "§13"),
        NotSpent("missing_user_code", "OpenID CIBA Core 1.0", "§13"),
        NotSpent("invalid_user_code", "OpenID CIBA Core 1.0", "§13"),
        NotSpent("invalid_binding_message", "OpenID CIBA Core 1.0", "§13"),
        NotSpent("transaction_failed", "OpenID CIBA Core 1.0", "§11"),
    ];
}
