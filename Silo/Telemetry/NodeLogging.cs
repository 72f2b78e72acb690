using Executor.Silo.Configuration;
using Microsoft.Extensions.Logging.Console;

namespace Executor.Silo.Telemetry;

/// <summary>One line an event on standard output: text for people, JSON for collectors.</summary>
internal static class NodeLogging
{
    // What frameworks tell below a warning holds URLs, and some of it bodies and parameters, whatever LOG_LEVEL asks of our own.
    private static readonly string[] Frameworks = ["Microsoft", "System", "Npgsql", "ModelContextProtocol", "Polly"];

    public static void AddNodeLogging(this ILoggingBuilder logging, LogLevel level, LogFormat format)
    {
        logging.SetMinimumLevel(level);
        foreach (var framework in Frameworks)
            logging.AddFilter(framework, AtLeast(LogLevel.Warning));

        // The framework tells of every refused token in our own category: whoever has none could fill the disk.
        logging.AddFilter("Executor.Http.Authentication", AtLeast(LogLevel.Warning));

        // A start that fails is told by the program, without a stack.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        logging.AddConsoleFormatter<TextFormatter, ConsoleFormatterOptions>();
        logging.AddConsoleFormatter<JsonFormatter, ConsoleFormatterOptions>();
        logging.AddConsole(console =>
        {
            console.FormatterName = format == LogFormat.Text ? TextFormatter.FormatterName : JsonFormatter.FormatterName;

            // Whoever stops reading the log (a stopped terminal, a full pipe) must not stop the node: lines are lost, and counted.
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            console.MaxQueueLength = 10_000;
        });

        LogLevel AtLeast(LogLevel least) => level > least ? level : least;
    }
}
