using System.Text;
using System.Text.Json.Nodes;

namespace Executor.Tests.Hostile.Input;

/// <summary>Bodies that no endpoint may accept: some that are no JSON, and those that a good one turns into when one thing in it is wrong.</summary>
internal static class HostileBodies
{
    private static readonly string[] Malformed =
    [
        "SENTINEL-hostile", "{ SENTINEL-hostile", "[\"SENTINEL-hostile\"]", "\"SENTINEL-hostile\"", "null", "true", "0", " ", "{", "}", "{}{}",
        "{\"x\":\"SENTINEL-hostile\"} trailing", "{\"x\":\"SENTINEL-hostile\",\"x\":1}", "{\"x\":\"SENTINEL-hostile\\u0000\"}",
        "{\"x\":\"SENTINEL-hostile\\ud800\"}", "{\"\\udc00\":\"SENTINEL-hostile\"}", "{\"x\":1e999}", "{\"x\":-1e999}", "{\"x\":NaN}", "{\"x\":Infinity}",
        "{\"x\":01}", "{\"x\":1,}", "{'x':'SENTINEL-hostile'}", "/* SENTINEL-hostile */ {}", "{}// SENTINEL-hostile", "\ufeff{\"x\":1}",
        "{\"x\":\"SENTINEL-hostile\n\"}", "{\"x\":\"\\x41\"}", "{\"x SENTINEL-hostile\":1}", "{\"__proto__\":{\"admin\":true}}",
        "{\"x\":" + new string('[', 64) + new string(']', 64) + "}", new('[', 100_000),
        string.Concat(Enumerable.Repeat("{\"x\":", 50_000)), "{" + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"SENTINEL-hostile {i}\":0")) + "}",
        "{\"x\":" + new string('9', 500_000) + "}",
    ];

    private static readonly string[] WrongValues =
    [
        "null", "true", "-1", "0", "1.5", "1e300", "99999999999999999999", "\"\"", "[]", "[\"SENTINEL-hostile\"]", "\"SENTINEL-hostile\\u0000\"",
        "\"SENTINEL-hostile\\u001b[31m\"", "\"SENTINEL-hostile\\r\\nX: y\"", "\"\\udfff\"", "{\"SENTINEL-hostile\":1}",
    ];

    /// <summary>What a run's author may fill as they like.</summary>
    private static readonly string[] Free = ["input", "arguments"];

    public static IEnumerable<byte[]> All(string good)
    {
        foreach (var text in Malformed)
            yield return Encoding.UTF8.GetBytes(text);
        yield return [.. "{\"x\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        yield return [.. "{\"x\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8];
        yield return [.. "{\"x\":\""u8, 0xC0, 0xAE, .. "\"}"u8];
        yield return [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}")];
        yield return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];
        var bytes = Encoding.UTF8.GetBytes(good);
        for (var length = 1; length < bytes.Length - 1; length += 7)
            yield return bytes[..length];
        foreach (var text in Mutations(good))
            yield return Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Each member, of every object in it, once with each wrong value, twice, and beside one that is not known.</summary>
    private static IEnumerable<string> Mutations(string good)
    {
        foreach (var path in Members(JsonNode.Parse(good)!, []))
        {
            var isFree = Free.Contains(path[^1]);
            foreach (var value in WrongValues.Where(value => !isFree || value[0] != '{'))
            {
                if (!IsRight(path[^1], value))
                    yield return Change(good, path, (parent, name) => parent[name] = JsonValue.Create($"@@{name}@@")).Replace($"\"@@{path[^1]}@@\"", value, StringComparison.Ordinal);
            }

            yield return Change(good, path, (parent, name) => parent[name] = new string('x', 20_000));
            yield return Change(good, path, (parent, name) => parent["@@@"] = parent[name]!.DeepClone()).Replace("@@@", path[^1], StringComparison.Ordinal);
            yield return Change(good, path, (parent, _) => parent["SENTINEL-hostile, not known"] = 1);
            yield return Change(good, path, (parent, name) =>
            {
                parent[name.ToUpperInvariant()] = parent[name]!.DeepClone();
                parent.Remove(name);
            });
        }
    }

    /// <summary>The few wrong values that happen to be right somewhere.</summary>
    private static bool IsRight(string member, string value) => member is "scopes" && value is "\"\"";

    private static IEnumerable<string[]> Members(JsonNode node, string[] path) => node switch
    {
        JsonObject value => value.SelectMany(member => Free.Contains(member.Key)
            ? [[.. path, member.Key]]
            : Members(member.Value!, [.. path, member.Key]).Prepend([.. path, member.Key])),
        JsonArray list => list.SelectMany((item, index) => Members(item!, [.. path, $"{index}"])),
        _ => [],
    };

    private static string Change(string good, string[] path, Action<JsonObject, string> change)
    {
        var root = JsonNode.Parse(good)!;
        var parent = path[..^1].Aggregate(root, (node, step) => node is JsonArray list ? list[int.Parse(step)]! : node[step]!);
        change((JsonObject)parent, path[^1]);
        return root.ToJsonString();
    }
}
