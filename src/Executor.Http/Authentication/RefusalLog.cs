using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Executor.Http.Authentication;

/// <summary>
/// Why callers' tokens are refused, at Debug. In a category of its own: the framework writes a line of each refusal into the handler's,
/// which is therefore off below Warning. Whoever has no token can ask as often as they like, so only so many lines are written a minute.
/// </summary>
internal sealed partial class RefusalLog(ILoggerFactory loggers, TimeProvider time)
{
    public const string Category = "Executor.Http.RefusedTokens";

    private const int MostAMinute = 60;

    /// <summary>A method is whatever the caller calls it.</summary>
    private const int LongestMethod = 16;

    private readonly Lock _gate = new();
    private readonly ILogger _logger = loggers.CreateLogger(Category);
    private long _minute = time.GetTimestamp();
    private int _count;

    public void Tell(HttpRequest request, TokenRefusal refusal)
    {
        if (!_logger.IsEnabled(LogLevel.Debug) || !MayTell(out var untold))
            return;
        if (untold > 0)
            Log.Untold(_logger, untold);
        Log.Refused(_logger, request.Method.Length > LongestMethod ? "(unknown method)" : request.Method, refusal.Reason);
    }

    private bool MayTell(out int untold)
    {
        untold = 0;
        lock (_gate)
        {
            if (time.GetElapsedTime(_minute) >= TimeSpan.FromMinutes(1))
            {
                untold = Math.Max(0, _count - MostAMinute);
                (_minute, _count) = (time.GetTimestamp(), 0);
            }

            return ++_count <= MostAMinute;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Bearer token refused to {Method}: {Reason}")]
        public static partial void Refused(ILogger logger, string method, string reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} more bearer tokens were refused, and the reasons not told")]
        public static partial void Untold(ILogger logger, int count);
    }
}
