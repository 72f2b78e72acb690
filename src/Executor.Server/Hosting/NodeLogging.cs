namespace Executor.Server.Hosting;

/// <summary>One JSON object a line, on standard output.</summary>
internal static class NodeLogging
{
    // What frameworks tell below a warning holds URLs, and some of it bodies and parameters, whatever LOG_LEVEL asks of our own.
    private static readonly string[] Frameworks = ["Microsoft", "System", "Npgsql", "ModelContextProtocol", "Polly"];

    public static void AddNodeLogging(this ILoggingBuilder logging, LogLevel level)
    {
        logging.SetMinimumLevel(level);
        foreach (var framework in Frameworks)
            logging.AddFilter(framework, AtLeast(LogLevel.Warning));

        // The framework tells of every refused token in our own category: whoever has none could fill the disk.
        logging.AddFilter("Executor.Http.Authentication", AtLeast(LogLevel.Warning));

        // A start that fails is told by the program, without a stack.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        logging.AddJsonConsole(console =>
        {
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        });

        LogLevel AtLeast(LogLevel least) => level > least ? level : least;
    }
}
