using System.Text.Json;

namespace Executor.Mcp.Http.Answers;

/// <summary>What a server answered to one request, beyond HTTP.</summary>
/// <param name="Result">The result as it came, or as it could be mended; undefined for an error.</param>
internal sealed record RpcReply(JsonElement Result, RpcError? Error);

/// <param name="IsCorrelated">It named the request, as against an error that was met before the request's id was read.</param>
/// <param name="Text">Foreign: looked at, and told to nobody.</param>
internal sealed record RpcError(int Code, string Text, JsonElement Data, bool IsCorrelated)
{
    /// <summary>Without its text: the SDK puts it into an exception, and judges some errors by it.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("error");
        writer.WriteNumber("code", Code);
        writer.WriteString("message", "");
        if (Data.ValueKind == JsonValueKind.Object)
        {
            writer.WritePropertyName("data");
            Data.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
