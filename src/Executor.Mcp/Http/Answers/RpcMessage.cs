using System.Text.Json;

namespace Executor.Mcp.Http.Answers;

/// <summary>One JSON-RPC message of a server's, read as leniently as its meaning allows (JSON-RPC 2.0 §5).</summary>
internal readonly struct RpcMessage(JsonElement message, Repairs repairs)
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonMender.MaxDepth };

    public JsonElement Json => message;

    /// <summary>The server's own request or notification.</summary>
    public bool IsTheServers => message.TryGetProperty("method", out _);

    /// <returns>None when it is no JSON; several for a batch (MCP 2025-03-26).</returns>
    public static IEnumerable<RpcMessage> Read(ReadOnlyMemory<byte> json)
    {
        return JsonMender.Mend(json) is { } mended ? Read(mended) : JsonMender.MendBeginning(json).SelectMany(Read);

        static IEnumerable<RpcMessage> Read((ReadOnlyMemory<byte> Json, Repairs Repairs) mended)
        {
            var reader = new Utf8JsonReader(mended.Json.Span, Options);
            var root = JsonElement.ParseValue(ref reader);
            var messages = root.ValueKind == JsonValueKind.Array ? root.EnumerateArray().ToArray() : [root];
            return messages.Where(m => m.ValueKind == JsonValueKind.Object).Select(m => new RpcMessage(m, mended.Repairs));
        }
    }

    /// <param name="alone">The only message of its answer: there it belongs to the request though it does not say so.</param>
    /// <returns>Null unless it is the reply to the request.</returns>
    public RpcReply? ReplyTo(long request, bool alone)
    {
        var named = message.TryGetProperty("id", out var id) && id.ValueKind != JsonValueKind.Null;
        // Of what is not whole, only what says whose it is.
        alone &= !repairs.HasFlag(Repairs.Rest);
        if (named ? !Matches(id, request) : !alone || !message.TryGetProperty("jsonrpc", out _))
            return null;
        // Some send both members, one of them null.
        if (message.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
            return new RpcReply(default, ErrorOf(error, named));
        return message.TryGetProperty("result", out var result) ? new RpcReply(RepairNote.On(result, repairs), null) : null;
    }

    public void WriteTo(Utf8JsonWriter writer) => message.WriteTo(writer);

    /// <summary>Languages that know one kind of number, or none, give the id back as 7.0 or as "7".</summary>
    private static bool Matches(JsonElement id, long request) => id.ValueKind switch
    {
        JsonValueKind.Number => id.TryGetDecimal(out var number) && number == request,
        JsonValueKind.String => long.TryParse(id.GetString(), System.Globalization.CultureInfo.InvariantCulture, out var number) && number == request,
        _ => false,
    };

    private static RpcError ErrorOf(JsonElement error, bool named)
    {
        if (error.ValueKind != JsonValueKind.Object)
            return new RpcError(0, error.ToString(), default, named);
        var code = error.TryGetProperty("code", out var value) switch
        {
            true when value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && Math.Abs(number) <= int.MaxValue => (int)number,
            true when value.ValueKind == JsonValueKind.String && int.TryParse(value.GetString(), System.Globalization.CultureInfo.InvariantCulture, out var number) => number,
            _ => 0,
        };
        var text = error.TryGetProperty("message", out var words) && words.ValueKind == JsonValueKind.String ? words.GetString()! : "";
        return new RpcError(code, text, error.TryGetProperty("data", out var data) ? data : default, named);
    }
}
