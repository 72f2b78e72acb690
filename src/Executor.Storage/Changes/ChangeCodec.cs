using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;

namespace Executor.Storage.Changes;

/// <summary>Packs changes into notification payloads, which PostgreSQL limits to less than 8,000 bytes.</summary>
internal static class ChangeCodec
{
    private const int MaxBytes = 7_900;

    // Not for a page: escaping every non-ASCII character would make a server's name six times as long.
    private static readonly ChangeJson Json = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    public static IEnumerable<string> Encode(Guid sender, IEnumerable<Change> changes)
    {
        var head = $"{{\"s\":\"{sender:D}\",\"c\":[";
        var payload = new StringBuilder(head);
        var bytes = head.Length + 2;
        foreach (var change in changes)
        {
            var entry = JsonSerializer.Serialize(EntryOf(change), Json.ChangeEntry);
            var length = Encoding.UTF8.GetByteCount(entry) + 1;
            if (bytes + length > MaxBytes)
            {
                yield return payload.Append("]}").ToString();
                payload = new StringBuilder(head);
                bytes = head.Length + 2;
            }

            if (payload.Length > head.Length)
                payload.Append(',');
            payload.Append(entry);
            bytes += length;
        }

        if (payload.Length > head.Length)
            yield return payload.Append("]}").ToString();
    }

    /// <summary>What cannot be read, perhaps from a newer version, is a gap.</summary>
    public static (Guid Sender, IReadOnlyList<Change> Changes) Decode(string payload)
    {
        try
        {
            var message = JsonSerializer.Deserialize(payload, Json.ChangeMessage);
            return message is null ? (Guid.Empty, [new Change.Gap()]) : (message.Sender, message.Changes.Select(ChangeOf).ToList());
        }
        catch (Exception unreadable) when (unreadable is JsonException or ArgumentException)
        {
            return (Guid.Empty, [new Change.Gap()]);
        }
    }

    private static ChangeEntry EntryOf(Change change) => change switch
    {
        Change.Credential credential => new ChangeEntry("c", credential.Key.User.Value, credential.Key.Server.Value, null),
        Change.Run run => new ChangeEntry("r", run.User.Value, null, run.Id.Value),
        Change.RunsReady => new ChangeEntry("q", null, null, null),
        _ => new ChangeEntry("g", null, null, null),
    };

    private static Change ChangeOf(ChangeEntry entry) => entry switch
    {
        { Kind: "c", User: { } user, Server: { } server } =>
            new Change.Credential(new CredentialKey(UserId.From(user), McpServerId.From(server))),
        { Kind: "r", User: { } user, Run: { } run } => new Change.Run(new RunId(run), UserId.From(user)),
        { Kind: "q" } => new Change.RunsReady(),
        _ => new Change.Gap(),
    };
}

internal sealed record ChangeMessage(
    [property: JsonPropertyName("s")] Guid Sender,
    [property: JsonPropertyName("c")] IReadOnlyList<ChangeEntry> Changes);

internal sealed record ChangeEntry(
    [property: JsonPropertyName("k")] string Kind,
    [property: JsonPropertyName("u")] long? User,
    [property: JsonPropertyName("m")] string? Server,
    [property: JsonPropertyName("r")] Guid? Run);

[JsonSerializable(typeof(ChangeMessage))]
[JsonSerializable(typeof(ChangeEntry))]
internal sealed partial class ChangeJson : JsonSerializerContext;
