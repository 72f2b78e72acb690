using System.Globalization;

namespace Executor.Servers;

internal static class AuthReader
{
    private const string Authorization = "Authorization";
    private const int MaxGraceSeconds = 366 * 24 * 3600;

    /// <returns>Null when it is wrong, and reported.</returns>
    public static McpServerAuth? Read(MemberReader server, IReadOnlyDictionary<string, string> headers, ServersFileReport report)
    {
        var hasHeader = headers.ContainsKey(Authorization);
        if (!server.Has("auth"))
            return hasHeader ? new McpServerAuth.Bearer() : new McpServerAuth.None();
        if (server.Object("auth") is not { } auth)
            return null;

        var type = auth.Text("type");
        if (type == "oauth2")
        {
            if (hasHeader)
                report.Add(server.At("headers"), "an Authorization header and auth type 'oauth2' exclude each other: every user has a token of their own.");
            return ReadOAuth2(auth, report);
        }

        auth.RefuseOthers("'type' alone, unless it is 'oauth2'");
        switch (type)
        {
            case "none" when hasHeader:
                report.Add(server.At("headers"), "an Authorization header and auth type 'none' exclude each other; the type would be 'bearer'.");
                return null;
            case "none":
                return new McpServerAuth.None();
            case "bearer" when !hasHeader:
                report.Add(server.At("headers"), "auth type 'bearer' needs an Authorization header.");
                return null;
            case "bearer":
                return new McpServerAuth.Bearer();
            default:
                report.Add(auth.At("type"), "must be 'none', 'bearer' or 'oauth2'.");
                return null;
        }
    }

    private static McpServerAuth.OAuth2? ReadOAuth2(MemberReader auth, ServersFileReport report)
    {
        var errors = report.Errors.Count;
        var resource = auth.Text("resource");
        // RFC 8707 §2.
        if (resource is not null && !(Uri.TryCreate(resource, UriKind.Absolute, out var indicator) && indicator.Fragment.Length == 0))
            report.Add(auth.At("resource"), "must be an absolute URI without a fragment.");

        var replay = ReadReplay(auth, report);
        var endpoints = auth.Texts("tokenEndpoints");
        if (endpoints.Any(e => !IsEndpoint(e)))
            report.Add(auth.At("tokenEndpoints"), "must hold absolute http or https URLs without user name, password or fragment.");
        auth.RefuseOthers("'type', 'resource', 'refreshReplay' and 'tokenEndpoints'");
        return report.Errors.Count > errors ? null : new McpServerAuth.OAuth2(resource, replay, endpoints);
    }

    private static RefreshReplay ReadReplay(MemberReader auth, ServersFileReport report)
    {
        const string grace = "grace:";
        switch (auth.Text("refreshReplay"))
        {
            case null or "strict":
                return RefreshReplay.Strict;
            case "no-rotation":
                return RefreshReplay.NoRotation;
            case { } text when text.StartsWith(grace, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(grace.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                && seconds is > 0 and <= MaxGraceSeconds:
                return RefreshReplay.Grace(TimeSpan.FromSeconds(seconds));
            default:
                report.Add(auth.At("refreshReplay"), $"must be 'strict', 'no-rotation' or 'grace:' and 1 to {MaxGraceSeconds} seconds.");
                return RefreshReplay.Strict;
        }
    }

    private static bool IsEndpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && url.UserInfo.Length == 0 && url.Fragment.Length == 0;
}
