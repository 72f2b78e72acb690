using System.Text.Json;
using Executor.Silo.Telemetry;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Executor.Tests.Server;

public sealed class LogFormatTests
{
    private readonly SettableClock _clock = new();

    public LogFormatTests() => _clock.Advance(TimeSpan.FromMilliseconds(7));

    [Fact]
    public void Text_is_a_line_with_time_level_and_message()
    {
        Assert.Equal("2030-01-01 00:00:00.007Z info  Run 7 starts\n", Text("Executor.Runs", LogLevel.Information, "Run {Run} starts", 7));
        Assert.StartsWith("2030-01-01 00:00:00.007Z warn  Microsoft.X: Hm", Text("Microsoft.X", LogLevel.Warning, "Hm"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\n2030-01-01 00:00:00.007Z info  forged")]
    [InlineData("a\r\nforged")]
    [InlineData("a\u0085forged")]
    [InlineData("a\u2028forged\u2029")]
    [InlineData("a\u001b[2K\u001b[1Aforged")]
    [InlineData("a\u202eforged")]
    [InlineData("a\0\b\v\fforged")]
    [InlineData("half of a pair \ud800, forged")]
    public void Value_neither_ends_a_line_nor_begins_one(string value)
    {
        var text = Text("Executor.Runs", LogLevel.Information, "Server {Server} is gone", value);
        var json = Json("Executor.Runs", LogLevel.Information, "Server {Server} is gone", value);

        Assert.Single(text, letter => char.IsControl(letter) || letter is '\u2028' or '\u2029' or '\u202e' || char.IsSurrogate(letter));
        Assert.EndsWith("forged is gone\n", text.Replace("\\u{2029}", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Single(json, letter => char.IsControl(letter));
        Assert.EndsWith("}\n", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Stack_is_told_on_indented_lines_and_the_exception_too()
    {
        var text = Text("Executor.Http", LogLevel.Error, "Unexpected {Type}\n{Stack}", "Bad", "   at One()\n   at Two()");
        var thrown = Write(new TextFormatter(_clock), "Executor.Http", LogLevel.Error, new InvalidOperationException("one\ntwo"), "Failed");

        Assert.Equal("2030-01-01 00:00:00.007Z error Unexpected Bad\n    at One()\n    at Two()\n", text);
        Assert.Equal("2030-01-01 00:00:00.007Z error Failed\n    System.InvalidOperationException: one\n    two\n", thrown);
    }

    [Fact]
    public void Json_says_the_message_once_and_its_values_by_name()
    {
        var json = Json("Executor.Runs", LogLevel.Information, "Run {Run} of {User} parks", 7, "ada");

        using var line = JsonDocument.Parse(json);
        Assert.Equal(["Timestamp", "LogLevel", "Category", "Message", "State"], line.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal("Run 7 of ada parks", line.RootElement.GetProperty("Message").GetString());
        Assert.Equal("""{"Run":7,"User":"ada"}""", line.RootElement.GetProperty("State").GetRawText());
        Assert.Equal("2030-01-01T00:00:00.007Z", line.RootElement.GetProperty("Timestamp").GetString());
        Assert.Single(json.Split("parks")[..^1]);
    }

    private string Text(string category, LogLevel level, string template, params object?[] values) =>
        Write(new TextFormatter(_clock), category, level, null, template, values);

    private string Json(string category, LogLevel level, string template, params object?[] values) =>
        Write(new JsonFormatter(_clock), category, level, null, template, values);

    private static string Write(
        ConsoleFormatter formatter, string category, LogLevel level, Exception? exception, string template, params object?[] values)
    {
        using var writer = new StringWriter();
        new Relay(formatter, category, writer).Log(level, exception, template, values);
        return writer.ToString();
    }

    private sealed class Relay(ConsoleFormatter formatter, string category, TextWriter writer) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> text) =>
            formatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, text), null, writer);
    }
}
