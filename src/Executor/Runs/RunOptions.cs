using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Executor.Runs;

public sealed class RunOptions
{
    /// <summary>Runs that this node works on at once. Default 256.</summary>
    [Range(1, 100_000)]
    public int Slots { get; set; } = 256;

    /// <summary>Of these, how many may be one user's. Default 64.</summary>
    [Range(1, 100_000)]
    public int SlotsPerUser { get; set; } = 64;

    /// <summary>Of these, how many may be at one MCP server; one user gets at most half of them. Default 64.</summary>
    [Range(1, 100_000)]
    public int SlotsPerServer { get; set; } = 64;

    /// <summary>The time-out of a step that names none. Default 300 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StepTimeout { get; set; } = TimeSpan.FromSeconds(300);

    /// <summary>The longest time-out a step may name. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxStepTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a stopping node waits for calls in flight. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a step is sent back to the queue for faults that may pass before it fails. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan BlockedLimit { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Calls of one step that may end with an unknown outcome before the user is asked. Default 5.</summary>
    [Range(1, 100)]
    public int UnknownAttempts { get; set; } = 5;

    /// <summary>Finished runs are deleted after as many days. Default 30.</summary>
    [Range(1, 36_500)]
    public int RetentionDays { get; set; } = 30;

    /// <summary>
    /// In a call younger than this, only who asks for its end directly is reason to look at its row: a look costs a query, and the
    /// driver's own writes announce changes too. Default 50 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan YoungCall { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How often a node looks without being told to, in case it was not told. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Sweep { get; set; } = TimeSpan.FromSeconds(5);
}

[OptionsValidator]
internal sealed partial class RunOptionsValidator : IValidateOptions<RunOptions>;
