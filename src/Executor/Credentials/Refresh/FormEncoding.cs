using System.Text;

namespace Executor.Credentials.Refresh;

/// <summary>
/// <c>application/x-www-form-urlencoded</c> as RFC 6749 appendix B means it, also for the two halves of Basic credentials (§2.3.1).
/// By hand, because the framework's encoders leave other characters alone, and strict servers compare.
/// </summary>
internal static class FormEncoding
{
    public static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'*' or (byte)'-' or (byte)'.' or (byte)'_')
                encoded.Append((char)octet);
            else if (octet == ' ')
                encoded.Append('+');
            else
                encoded.Append('%').Append(octet.ToString("X2"));
        }

        return encoded.ToString();
    }

    public static string Body(IEnumerable<KeyValuePair<string, string>> fields) =>
        string.Join('&', fields.Select(field => $"{Encode(field.Key)}={Encode(field.Value)}"));
}
