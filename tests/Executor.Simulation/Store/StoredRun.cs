using System.Collections.Immutable;
using Executor.Runs;

namespace Executor.Simulation.Store;

/// <summary>A run's row with what only the table knows.</summary>
/// <param name="DueAt">Its place in the queue while pending: its not-before, or else its age.</param>
internal sealed record StoredRun(RunOrder Order, RunRow Row, ImmutableList<StepRow> Steps, DateTimeOffset DueAt, IdempotencyKey? Key)
{
    public bool IsDue(DateTimeOffset now) => Row.Status == RunStatus.Pending && DueAt <= now;

    public StepRow? Current => Row.Position >= 0 && Row.Position < Steps.Count ? WithoutResult(Steps[Row.Position]) : null;

    public static StoredRun New(RunOrder order, RunRow row, IReadOnlyList<StepDefinition> steps, IdempotencyKey? key, DateTimeOffset now)
    {
        var kept = Kept(row);
        return new(order, kept, [.. steps.Select(New)], DueAtOf(kept, now), key);
    }

    public StoredRun With(RunRow row, IReadOnlyList<StepRow> steps, DateTimeOffset now)
    {
        var kept = Kept(row) with
        {
            User = Row.User,
            Name = Row.Name,
            Input = Row.Input,
            StepCount = Row.StepCount,
            CreatedAt = Row.CreatedAt,
            Version = Row.Version + 1,
        };
        return this with { Row = kept, Steps = Journal(steps), DueAt = DueAtOf(kept, now) };
    }

    /// <summary>Back in the queue with nothing more to wait for.</summary>
    public StoredRun Requeued(RunRow row, DateTimeOffset now)
    {
        var pending = row with { Status = RunStatus.Pending, NotBefore = null, UpdatedAt = now, Version = row.Version + 1 };
        return this with { Row = pending, DueAt = DueAtOf(pending, now) };
    }

    public static StepRow WithoutResult(StepRow step) => step.Result is null ? step : step with { Result = null };

    private static DateTimeOffset DueAtOf(RunRow row, DateTimeOffset now) => row.NotBefore ?? (row.CreatedAt < now ? row.CreatedAt : now);

    private static RunRow Kept(RunRow row)
    {
        if (row.Status == RunStatus.Running && row.Owner is null)
            throw new InvalidOperationException("A running run has an owner.");
        return row with
        {
            Owner = row.Status == RunStatus.Running ? row.Owner : null,
            NotBefore = row.NotBefore.Kept(),
            BlockedSince = row.BlockedSince.Kept(),
            CreatedAt = row.CreatedAt.Kept(),
            UpdatedAt = row.UpdatedAt.Kept(),
            FinishedAt = row.FinishedAt.Kept(),
        };
    }

    private static StepRow New(StepDefinition step, int index) =>
        new() { Index = index, Definition = step.Timeout is null ? step : step with { Timeout = step.Timeout.Kept() } };

    private ImmutableList<StepRow> Journal(IReadOnlyList<StepRow> entries)
    {
        var steps = Steps;
        foreach (var entry in entries.Where(entry => entry.Index >= 0 && entry.Index < Steps.Count))
        {
            var before = steps[entry.Index];
            steps = steps.SetItem(entry.Index, before with
            {
                Status = entry.Status,
                Attempts = entry.Attempts,
                Result = entry.Result ?? before.Result,
                Error = StepErrors.Kept(entry.Error),
                StartedAt = entry.StartedAt.Kept(),
                FinishedAt = entry.FinishedAt.Kept(),
                Interruption = entry.Interruption,
            });
        }

        return steps;
    }
}
