using Executor.Identity;
using Executor.Runs;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

internal sealed class StepData
{
    public string RunId { get; init; } = "";

    public int Idx { get; init; }

    public string StepId { get; init; } = "";

    public string Server { get; init; } = "";

    public string Tool { get; init; } = "";

    public string Arguments { get; init; } = "";

    public long? TimeoutMs { get; init; }

    public string OnUnknown { get; init; } = "";

    public string Status { get; init; } = "";

    public int Attempts { get; init; }

    public string? Result { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }

    public int ErrorRetryable { get; init; }

    public long? StartedAt { get; init; }

    public long? FinishedAt { get; init; }

    public string? Interruption { get; init; }

    public StepRow ToRow() => new()
    {
        Index = Idx,
        Definition = new StepDefinition(
            StepId,
            McpServerId.From(Server),
            Tool,
            Arguments,
            TimeoutMs is { } timeout ? TimeSpan.FromMilliseconds(timeout) : null,
            RunWords.OnUnknown.Parse(OnUnknown)),
        Status = RunWords.Step.Parse(Status),
        Attempts = Attempts,
        Result = Result,
        Error = ErrorCode is null ? null : new StepError(ErrorCode, ErrorMessage ?? "", ErrorRetryable != 0),
        StartedAt = UnixTime.From(StartedAt),
        FinishedAt = UnixTime.From(FinishedAt),
        Interruption = Interruption is null ? null : RunWords.Interruption.Parse(Interruption),
    };

    /// <summary>Adds the parameters of a new step.</summary>
    public static void AddTo(SqlArguments arguments, StepDefinition step, int index) => arguments
        .With($"Idx{index}", index)
        .With($"StepId{index}", step.Id)
        .With($"Server{index}", step.Server.Value)
        .With($"Tool{index}", step.Tool)
        .With($"Arguments{index}", step.Arguments)
        .With($"TimeoutMs{index}", step.Timeout is { } timeout ? (long)timeout.TotalMilliseconds : null)
        .With($"OnUnknown{index}", RunWords.OnUnknown.Of(step.OnUnknown));

    /// <summary>Adds the parameters of the journal entry numbered <paramref name="n"/> in one statement.</summary>
    public void AddTo(SqlArguments arguments, int n) => arguments
        .With($"Idx{n}", Idx)
        .With($"StepStatus{n}", Status)
        .With($"Attempts{n}", Attempts)
        .With($"Result{n}", Result)
        .With($"ErrorCode{n}", ErrorCode)
        .With($"ErrorMessage{n}", ErrorMessage)
        .With($"ErrorRetryable{n}", ErrorRetryable)
        .With($"StartedAt{n}", StartedAt)
        .With($"FinishedAt{n}", FinishedAt)
        .With($"Interruption{n}", Interruption);

    /// <summary>What a journal entry writes; the definition stays as it was inserted.</summary>
    public static StepData From(StepRow step) => new()
    {
        Idx = step.Index,
        Status = RunWords.Step.Of(step.Status),
        Attempts = step.Attempts,
        Result = step.Result,
        ErrorCode = step.Error?.Code,
        ErrorMessage = Storable(step.Error?.Message),
        ErrorRetryable = step.Error is { Retryable: true } ? 1 : 0,
        StartedAt = UnixTime.Of(step.StartedAt),
        FinishedAt = UnixTime.Of(step.FinishedAt),
        Interruption = step.Interruption is { } interruption ? RunWords.Interruption.Of(interruption) : null,
    };

    /// <summary>The message may quote a foreign server; a NUL or half a surrogate pair must not keep the failure from being stored.</summary>
    private static string? Storable(string? text)
    {
        if (text is null || WellFormed.Text(text))
            return text;
        var bytes = System.Text.Encoding.UTF8.GetBytes(text.Replace('\0', '\uFFFD'));
        return System.Text.Encoding.UTF8.GetString(bytes);
    }
}
