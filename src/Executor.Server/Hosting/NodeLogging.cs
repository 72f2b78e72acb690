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
            logging.AddFilter(framework, level > LogLevel.Warning ? level : LogLevel.Warning);
        logging.AddJsonConsole(console =>
        {
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        });
    }
}
