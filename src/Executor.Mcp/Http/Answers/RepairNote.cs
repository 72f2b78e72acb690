using System.Text.Json;

namespace Executor.Mcp.Http.Answers;

/// <summary>Says in a result what of it is not as the server sent it.</summary>
internal static class RepairNote
{
    /// <summary>A prefix of our own, as names in <c>_meta</c> must have.</summary>
    public const string Member = "executor/repaired";

    private const string Meta = "_meta";

    public static JsonElement On(JsonElement result, Repairs repairs)
    {
        if (repairs == Repairs.None || result.ValueKind != JsonValueKind.Object)
            return result;
        var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = JsonMender.MaxDepth + 1 }))
        {
            writer.WriteStartObject();
            foreach (var member in result.EnumerateObject().Where(member => !member.NameEquals(Meta)))
                member.WriteTo(writer);
            writer.WriteStartObject(Meta);
            if (result.TryGetProperty(Meta, out var meta) && meta.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in meta.EnumerateObject())
                    member.WriteTo(writer);
            }

            writer.WriteStartArray(Member);
            foreach (var repair in Enum.GetValues<Repairs>().Where(repair => repair != Repairs.None && repairs.HasFlag(repair)))
                writer.WriteStringValue(repair.ToString().ToLowerInvariant());
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        var reader = new Utf8JsonReader(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), new JsonReaderOptions { MaxDepth = JsonMender.MaxDepth + 1 });
        return JsonElement.ParseValue(ref reader);
    }
}
