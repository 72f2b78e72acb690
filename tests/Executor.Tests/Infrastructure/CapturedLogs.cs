using System.Collections.Concurrent;
using Executor.Silo.Telemetry;
using Executor.Testing.Secrets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Executor.Tests.Infrastructure;

/// <summary>Every log line at every level, as a sink would print it: message, properties and exceptions. The watch sees them all.</summary>
internal sealed class CapturedLogs(SecretWatch? watch = null) : ILoggerProvider
{
    public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

    /// <summary>Whether lines are <see cref="Printed"/> too.</summary>
    public bool Prints { get; init; }

    /// <summary>The same lines as a node prints them, in either format.</summary>
    public ConcurrentQueue<string> Printed { get; } = new();

    public string All => string.Join('\n', Lines.Select(line => line.Text));

    public void AttachTo(ILoggingBuilder logging) => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(this);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    private void Add(LogLevel level, string text)
    {
        (watch ?? SecretWatch.OfThisRun).See($"log, {level}", text);
        Lines.Enqueue((level, text));
    }

    public void Dispose()
    {
    }

    private sealed class Logger(CapturedLogs owner, string category) : ILogger
    {
        private static readonly ConsoleFormatter[] _formats = [new TextFormatter(TimeProvider.System), new JsonFormatter(TimeProvider.System)];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var properties = state is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join(' ', pairs) : "";
            var entry = new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter);
            foreach (var format in owner.Prints ? _formats : [])
            {
                using var line = new StringWriter();
                format.Write(entry, null, line);
                owner.Printed.Enqueue(line.ToString());
            }

            owner.Add(logLevel, $"{category} {formatter(state, exception)} {properties} {exception}");
        }
    }
}
