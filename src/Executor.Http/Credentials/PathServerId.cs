using System.Text;
using Executor.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Executor.Http.Credentials;

/// <summary>
/// The server id in a path, decoded exactly once. The server hands routing a path in which everything but <c>%2F</c> is decoded, so that
/// <c>%252F</c> and <c>%2F</c> look alike there; the request target as it was sent tells them apart.
/// </summary>
internal static class PathServerId
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="prefix">The literal path before the id.</param>
    public static bool TryRead(HttpContext context, string prefix, out McpServerId id)
    {
        id = default;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? target : target[..query];
        var start = path.IndexOf(prefix, StringComparison.OrdinalIgnoreCase);
        return start >= 0 && Decode(path[(start + prefix.Length)..]) is { } text && McpServerId.TryParse(text, out id);
    }

    private static int HexDigit(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static string? Decode(string escaped)
    {
        var bytes = Encoding.UTF8.GetBytes(escaped);
        var length = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != (byte)'%')
            {
                bytes[length++] = bytes[i];
            }
            else if (i + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[i + 1]) && char.IsAsciiHexDigit((char)bytes[i + 2]))
            {
                bytes[length++] = (byte)((HexDigit(bytes[i + 1]) << 4) | HexDigit(bytes[i + 2]));
                i += 2;
            }
            else
            {
                return null;
            }
        }

        try
        {
            return Strict.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
