using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Executor.Tests.Properties;

/// <summary>JSON that is nearly what the parsers expect: their members, in any place, with any value, and now and then a byte wrong.</summary>
internal static class RandomJson
{
    private static readonly string[] Leaves =
    [
        "null", "true", "false", "0", "-1", "1.5", "5", "1e999", "-0", "9223372036854775808", "1e-400", "\"\"", "\"a\"", "\"crm\"", "\"42\"", "\"mcp\"",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"\\n\"", "\"ü\"", "\"https://idp.example.com/token\"", "\"http://[::1]:x\"", "\"2999-01-01\"",
        "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59-14:00\"", "\"client_secret_post\"", "\"none\"", "\"retry\"", "\"HS256\"", "\"invalid_grant\"",
        "\"oauth2\"", "\"bearer\"", "\"grace:60\"", "\"grace:99999999999999999999\"", "\"${HOME}\"", "\"${\"", "\"{{ input.a }}\"", "\"{{ steps.a.b[0] }}\"",
        "\"x {{ input }} y {{ input.a }}\"", "\"{{\"", "\"{{ }}\"", "\"{{ steps.a[99999999999999999999] }}\"", "\"{{ input['a'] }}\"", "[]", "{}",
    ];

    private static readonly Gen<string> Leaf = Gen.Elements(Leaves);

    /// <param name="members">The names that the parser knows.</param>
    public static Gen<string> Text(params string[] members)
    {
        var names = Gen.Elements([.. members, "x", "", "a", "\\u0061", "\\ud800", "__proto__"]);
        return Value(names, 4).SelectMany(Corrupted);
    }

    public static Gen<byte[]> Bytes(params string[] members) => Text(members)
        .Select(Encoding.UTF8.GetBytes)
        .SelectMany(bytes => Gen.Frequency(
            (9, Gen.Constant(bytes)),
            (1, Gen.Choose(0, 255).SelectMany(wrong => Gen.Choose(0, Math.Max(0, bytes.Length - 1)).Select(at => Put(bytes, at, (byte)wrong))))));

    /// <summary>Text of all kinds, short and long, well-formed or not.</summary>
    public static Gen<string> Any => Gen.OneOf(
        Gen.Elements(Leaves),
        Gen.Choose(0, 0xFFFF).Select(unit => (char)unit).ListOf().Select(units => new string([.. units])),
        Gen.Choose(' ', '~').Select(unit => (char)unit).ListOf().Select(units => new string([.. units])),
        Gen.Choose(0, 70).SelectMany(length => Gen.Elements("0123456789abcdefABCDEF+/=-_".ToCharArray()).ArrayOf(length)).Select(units => new string(units)));

    private static Gen<string> Value(Gen<string> names, int depth) => depth == 0 ? Leaf : Gen.Frequency(
        (2, Leaf),
        (1, Inner(names, depth).ListOf(3).Select(items => $"[{string.Join(',', items)}]")),
        (4, Gen.Choose(0, 6).SelectMany(count => names.Zip(Inner(names, depth)).ArrayOf(count)).Select(
            list => $"{{{string.Join(',', list.Select(member => $"\"{member.Item1}\":{member.Item2}"))}}}")));

    // Lazily: a generator that holds itself at every depth grows without end.
    private static Gen<string> Inner(Gen<string> names, int depth) => Gen.Constant(depth - 1).SelectMany(less => Value(names, less));

    private static Gen<string> Corrupted(string text) => Gen.Frequency(
        (8, Gen.Constant(text)),
        (1, Gen.Choose(0, text.Length).Select(at => text[..at])),
        (1, Gen.Choose(0, text.Length).SelectMany(at => Gen.Choose(0, 0xFFFF).Select(unit => text.Insert(at, $"{(char)unit}")))));

    private static byte[] Put(byte[] bytes, int at, byte value)
    {
        if (bytes.Length > 0)
            bytes[at] = value;
        return bytes;
    }
}
