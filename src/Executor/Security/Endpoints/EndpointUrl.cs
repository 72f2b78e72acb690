using System.Buffers;

namespace Executor.Security.Endpoints;

/// <summary>
/// Reads an endpoint's URL, more strictly than <see cref="Uri"/> does. The host is taken from the text as well. Uri accepts an empty user
/// name, text behind a bracketed address, scope ids, and letters that IDNA maps to ASCII ones. Then it hides them.
/// </summary>
internal static class EndpointUrl
{
    private static readonly SearchValues<char> _hostCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

    private static readonly SearchValues<char> _addressCharacters = SearchValues.Create("0123456789abcdefABCDEF:.");

    public static (Uri? Uri, string Host, EndpointRefusal Refusal) Parse(string url)
    {
        if (url.Length > EndpointGuard.MaxUrlLength)
            return Refuse(EndpointRefusal.TooLong);
        if (url.Any(char.IsControl))
            return Refuse(EndpointRefusal.ControlCharacters);

        // Uri trims white space, and to it a leading slash makes an absolute file path.
        var schemeEnd = url.IndexOf("://", StringComparison.Ordinal);
        if (schemeEnd < 1 || url.Any(c => char.IsWhiteSpace(c) || c == '\\'))
            return Refuse(EndpointRefusal.NotAbsolute);
        if (!IsHttp(url.AsSpan(0, schemeEnd)))
            return Refuse(EndpointRefusal.Scheme);

        var authority = url.AsSpan(schemeEnd + 3);
        var authorityEnd = authority.IndexOfAny("/?#");
        if (authorityEnd >= 0)
            authority = authority[..authorityEnd];
        if (authority.Contains('@'))
            return Refuse(EndpointRefusal.UserInfo);
        if (!IsHostAndPort(authority))
            return Refuse(EndpointRefusal.InvalidHost);
        return Uri.TryCreate(url, UriKind.Absolute, out var uri)
            ? (uri, uri.IdnHost, EndpointRefusal.None)
            : Refuse(EndpointRefusal.NotAbsolute);
    }

    /// <summary>Lower-case scheme and host, no default port, no dot segments, no fragment.</summary>
    public static string Normalise(Uri uri) => uri.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped);

    private static bool IsHttp(ReadOnlySpan<char> scheme) =>
        scheme.Equals(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase)
        || scheme.Equals(Uri.UriSchemeHttp, StringComparison.OrdinalIgnoreCase);

    private static bool IsHostAndPort(ReadOnlySpan<char> authority)
    {
        var bracketed = authority.StartsWith('[');
        var hostEnd = bracketed ? authority.IndexOf(']') : authority.IndexOf(':');
        if (bracketed && hostEnd < 0)
            return false;

        var host = bracketed ? authority[1..hostEnd] : hostEnd < 0 ? authority : authority[..hostEnd];
        var rest = bracketed ? authority[(hostEnd + 1)..] : hostEnd < 0 ? [] : authority[hostEnd..];
        return !host.IsEmpty
            && !host.ContainsAnyExcept(bracketed ? _addressCharacters : _hostCharacters)
            && (rest.IsEmpty || (rest[0] == ':' && !rest[1..].ContainsAnyExceptInRange('0', '9')));
    }

    private static (Uri? Uri, string Host, EndpointRefusal Refusal) Refuse(EndpointRefusal refusal) => (null, "", refusal);
}
