using Microsoft.Extensions.Logging;

namespace Executor;

/// <summary>
/// Something that the node depends on is away. That is told once when it goes and once when it is back, however many calls fail in
/// between. Whoever fails meanwhile need not tell it again.
/// </summary>
/// <param name="what">With its article, as a sentence begins.</param>
public sealed partial class Outage(string what, TimeProvider time, ILogger logger)
{
    /// <summary>While some calls succeed and others fail it is not over.</summary>
    private static readonly TimeSpan _calm = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private volatile bool _isAway;
    private long _since;
    private long _lastFailure;

    /// <param name="cause">Without a secret.</param>
    public void Failed(string cause)
    {
        lock (_gate)
        {
            _lastFailure = time.GetTimestamp();
            if (_isAway)
                return;
            _since = _lastFailure;
            _isAway = true;
        }

        Log.Began(logger, what, cause);
    }

    /// <summary>Costs next to nothing where nothing was wrong.</summary>
    public void Worked()
    {
        if (!_isAway)
            return;
        TimeSpan lasted;
        lock (_gate)
        {
            if (!_isAway || time.GetElapsedTime(_lastFailure) < _calm)
                return;
            _isAway = false;
            lasted = time.GetElapsedTime(_since);
        }

        Log.Ended(logger, what, Math.Round(lasted.TotalSeconds, 1));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{What} is not available ({Cause}). It is tried again, and its return is told")]
        public static partial void Began(ILogger logger, string what, string cause);

        [LoggerMessage(Level = LogLevel.Information, Message = "{What} is available again, after {Seconds} s")]
        public static partial void Ended(ILogger logger, string what, double seconds);
    }
}
