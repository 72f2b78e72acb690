using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Executor.Servers;

namespace Executor.Mcp.Connections;

/// <summary>
/// Brings <c>notifications/progress</c> to the call that it belongs to, by whichever stream it came. Servers send as many as they like:
/// each is read and passed on, and nothing is kept.
/// </summary>
internal sealed class ProgressBoard
{
    private const int MaxMessage = 200;

    private static int _lastToken;

    private readonly ConcurrentDictionary<int, (Action Begun, Action<McpProgress> Heard)> _calls = new();

    /// <param name="begun">The server has been heard to work on it.</param>
    /// <param name="token">For the call's <c>_meta.progressToken</c>: unique among all that are under way, and below 2^31.</param>
    public IDisposable Listen(Action begun, Action<McpProgress> heard, out int token)
    {
        var mine = Interlocked.Increment(ref _lastToken) & int.MaxValue;
        token = mine;
        _calls[mine] = (begun, heard);
        return new Listening(() => _calls.TryRemove(mine, out _));
    }

    /// <param name="parameters">Of the notification; of any shape.</param>
    public void Receive(JsonElement parameters)
    {
        if (parameters.ValueKind == JsonValueKind.Object
            && parameters.TryGetProperty("progressToken", out var token) && TokenOf(token) is { } number
            && _calls.TryGetValue(number, out var call))
        {
            call.Begun();
            if (Number(parameters, "progress") is { } progress)
                call.Heard(new McpProgress(progress, Number(parameters, "total"), Message(parameters)));
        }
    }

    /// <summary>The server asks something, for one of the calls: it does not say which.</summary>
    public void Ask()
    {
        foreach (var call in _calls.Values)
            call.Begun();
    }

    /// <summary>Some give a number back as a text.</summary>
    private static int? TokenOf(JsonElement token) => token.ValueKind switch
    {
        JsonValueKind.Number when token.TryGetInt32(out var number) => number,
        JsonValueKind.String when int.TryParse(token.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private static double? Number(JsonElement parameters, string name) =>
        parameters.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : null;

    private static string? Message(JsonElement parameters)
    {
        if (!parameters.TryGetProperty("message", out var value) || value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            var text = new StringBuilder();
            foreach (var rune in value.GetString()!.EnumerateRunes())
            {
                if (text.Length + rune.Utf16SequenceLength > MaxMessage)
                    break;
                text.Append(Rune.IsControl(rune) ? " " : rune.ToString());
            }

            return text.ToString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return null;
        }
    }

    private sealed class Listening(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
