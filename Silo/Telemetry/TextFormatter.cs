using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Executor.Silo.Telemetry;

/// <summary>
/// <c>2026-01-31 12:00:00.000Z info  Message</c>. A stack follows on lines of its own, indented; whatever else an event holds stays
/// on its line.
/// </summary>
internal sealed class TextFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "executor-text";

    private const string Indent = "    ";

    // What a message's template ends in, when it ends in a stack.
    private const string StackName = "Stack";

    [ThreadStatic]
    private static StringBuilder? _line;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        var stack = StackOf(logEntry.State);
        if (stack is not null && message.EndsWith(stack, StringComparison.Ordinal))
            message = message[..^stack.Length].TrimEnd('\n');
        var line = (_line ??= new StringBuilder()).Clear();
        line.Append(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-dd HH:mm:ss.fff}Z {Word(logEntry.LogLevel)} ");

        // Our own messages say what they are about; a framework's often only in its category.
        if (!logEntry.Category.StartsWith("Executor", StringComparison.Ordinal))
            line.Append(logEntry.Category).Append(": ");
        line.AppendEscaped(message);
        line.AppendLine();
        AppendStack(line, stack);
        AppendStack(line, logEntry.Exception?.ToString());
        foreach (var chunk in line.GetChunks())
            textWriter.Write(chunk.Span);
        if (line.Capacity > 16 * 1024)
            _line = null;
    }

    private static string? StackOf<TState>(TState state)
    {
        if (state is not IReadOnlyList<KeyValuePair<string, object?>> values)
            return null;
        foreach (var (name, value) in values)
        {
            if (name == StackName)
                return value as string;
        }

        return null;
    }

    private static void AppendStack(StringBuilder line, string? stack)
    {
        foreach (var part in (stack ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            line.Append(Indent).AppendEscaped(part);
            line.AppendLine();
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        LogLevel.Error => "error",
        _ => "fatal",
    };
}
