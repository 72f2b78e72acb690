using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Executor.Mcp.Http.Answers;

/// <summary>The events of <see cref="AnswerContent"/>.</summary>
internal sealed class AnswerStream(Stream inner, Encoding? charset, CallScope scope, long? request) : ReadOnlyStream
{
    private readonly EventReader _events = new(inner, charset);
    private ReadOnlyMemory<byte> _pending;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_pending.IsEmpty)
        {
            if (await _events.ReadAsync(cancellationToken) is { } read)
                _pending = Reframe(read);
            else if (scope is { IsProbe: true, Reply: null } && request is { } probe)
                _pending = NoDiscovery(probe);
            else
                return 0;
        }

        var count = Math.Min(buffer.Length, _pending.Length);
        _pending[..count].CopyTo(buffer);
        _pending = _pending[count..];
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only read asynchronously.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private ReadOnlyMemory<byte> Reframe(AnswerEvent read)
    {
        var output = new ArrayBufferWriter<byte>(256);
        Encoding.UTF8.GetBytes(read.Fields, output);
        var fields = output.WrittenCount;
        var messages = RpcMessage.Read(read.Data).ToList();
        foreach (var message in messages)
        {
            if (message.IsTheServers)
            {
                // MCP 2025-11-25, Transports, Sending Messages to the Server: it is about the request that the stream answers.
                scope.HasBegun = true;
                Event(output, message.WriteTo);
            }
            else if (request is { } id && scope.Reply is null && message.ReplyTo(id, alone: read.IsWhole && messages.Count == 1) is { } reply)
                Event(output, writer => Write(writer, id, reply));
        }

        // A place to resume from, with nothing said yet.
        if (fields > 0 && output.WrittenCount == fields)
            output.Write("data:\n\n"u8);
        return output.WrittenMemory;
    }

    private ReadOnlyMemory<byte> NoDiscovery(long probe)
    {
        var output = new ArrayBufferWriter<byte>(256);
        Event(output, writer => Write(writer, probe, new RpcReply(default, OlderHandshake.NoDiscovery)));
        return output.WrittenMemory;
    }

    private void Write(Utf8JsonWriter writer, long id, RpcReply reply)
    {
        scope.Keep(reply);
        writer.WriteStartObject();
        writer.WriteString("jsonrpc", "2.0");
        writer.WriteNumber("id", id);
        if (scope.Purpose == ScopePurpose.Call)
        {
            writer.WriteStartObject("result");
            writer.WriteEndObject();
        }
        else if (reply.Error is { } error)
        {
            error.WriteTo(writer);
        }
        else if (scope.IsProbe && !OlderHandshake.IsDiscovery(reply.Result))
        {
            OlderHandshake.NoDiscovery.WriteTo(writer);
        }
        else
        {
            writer.WritePropertyName("result");
            reply.Result.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static void Event(ArrayBufferWriter<byte> output, Action<Utf8JsonWriter> write)
    {
        output.Write("data: "u8);
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { MaxDepth = JsonMender.MaxDepth + 1 }))
            write(writer);
        output.Write("\n\n"u8);
    }
}
