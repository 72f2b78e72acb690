using System.Globalization;
using System.Text.Json;

namespace Executor.Credentials.Refresh;

/// <summary>The grant that an answer brings (RFC 6749 §5.1).</summary>
internal static class AnswerGrant
{
    /// <summary>Some wrap it: Slack a user's token, Lark and TikTok everything.</summary>
    private static readonly string[] _wrappings = ["authed_user", "data"];

    /// <summary>Null when there is no usable access token.</summary>
    public static RefreshAnswer.Granted? Read(AnswerMembers root)
    {
        if (At(root) is { } plain)
            return plain;
        foreach (var wrapping in _wrappings)
        {
            if (root.Object(wrapping) is { } inner && At(inner) is { } wrapped)
                return wrapped;
        }

        return null;
    }

    private static RefreshAnswer.Granted? At(AnswerMembers members)
    {
        if (members.Text("access_token") is not { } access || !IsVschar(access))
            return null;

        // One that is there and cannot be read was damaged on its way: asked for again, inside a window, it may come whole.
        var refresh = members.Text("refresh_token") is { } token ? new RefreshToken(token) : (RefreshToken?)null;
        if (refresh is null && members["refresh_token"] is { ValueKind: JsonValueKind.String } stated && !stated.ValueEquals(""))
            return null;
        return new RefreshAnswer.Granted(new AccessToken(access), refresh, Lifetime(members["expires_in"]));
    }

    // RFC 6749 A.12. Anything else could not be sent as a bearer token, or would add header lines.
    private static bool IsVschar(string token) => token.All(c => c is >= '!' and <= '~');

    private static TimeSpan? Lifetime(JsonElement? expiresIn)
    {
        var seconds = expiresIn switch
        {
            { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out var number) => number,
            { ValueKind: JsonValueKind.String } value when double.TryParse(
                AnswerMembers.Text(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => 0d,
        };
        return seconds >= 1 ? TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) : null;
    }
}
