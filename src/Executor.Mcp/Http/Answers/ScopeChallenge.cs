using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Executor.Mcp.Http.Answers;

/// <summary>The scopes that a token lacks, out of <c>WWW-Authenticate: Bearer error="insufficient_scope", scope="…"</c>.</summary>
internal static partial class ScopeChallenge
{
    /// <summary>It is shown to a user: more than this is no help.</summary>
    private const int MaxLength = 256;

    private const int MaxHeaderLength = 8 * 1024;

    /// <returns>No scope where none is named, or what is named is none by RFC 6749 §3.3.</returns>
    public static (bool NeedsScope, string? Scope) Read(HttpResponseHeaders headers)
    {
        if (!headers.NonValidated.TryGetValues("WWW-Authenticate", out var values))
            return (false, null);
        foreach (var value in values.Where(v => v.Length <= MaxHeaderLength))
        {
            if (!Error().IsMatch(value))
                continue;
            var scope = Scope().Match(value) is { Success: true } match ? match.Groups["quoted"].Value + match.Groups["bare"].Value : "";
            return (true, scope.Length <= MaxLength && ScopeTokens().IsMatch(scope) ? scope : null);
        }

        return (false, null);
    }

    [GeneratedRegex(@"(^|[\s,])error\s*=\s*""?insufficient_scope""?([\s,]|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Error();

    [GeneratedRegex(@"(^|[\s,])scope\s*=\s*(""(?<quoted>[^""]*)""|(?<bare>[^\s,""]+))", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Scope();

    // RFC 6749 §3.3: printable ASCII without the quote and the backslash, parted by single spaces.
    [GeneratedRegex(@"^[!#-\[\]-~]+( [!#-\[\]-~]+)*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ScopeTokens();
}
