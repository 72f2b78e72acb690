using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>A run's row as the table has it.</summary>
internal sealed class RunData
{
    public string Id { get; init; } = "";

    public long UserId { get; init; }

    public string Name { get; init; } = "";

    public string Input { get; init; } = "";

    public string Status { get; init; } = "";

    public int Position { get; init; }

    public int StepCount { get; init; }

    public string? NextServer { get; init; }

    public string AwaitingReason { get; init; } = "";

    public string? AwaitedServer { get; init; }

    public string ParkedCause { get; init; } = "none";

    public long? NotBefore { get; init; }

    public long? BlockedSince { get; init; }

    public string? BlockedReason { get; init; }

    public int CancelRequested { get; init; }

    public string? OwnerName { get; init; }

    public long? OwnerIncarnation { get; init; }

    public long Fence { get; init; }

    public long Version { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long? FinishedAt { get; init; }

    public static RunData From(RunRow row)
    {
        var running = row.Status == RunStatus.Running;
        return new RunData
        {
            Id = row.Id.ToString(),
            UserId = row.User.Value,
            Name = row.Name,
            Input = row.Input,
            Status = RunWords.Status.Of(row.Status),
            Position = row.Position,
            StepCount = row.StepCount,
            NextServer = row.NextServer?.Value,
            AwaitingReason = RunWords.Awaiting.Of(row.AwaitingReason),
            AwaitedServer = row.AwaitedServer?.Value,
            ParkedCause = RunWords.Cause.Of(row.ParkCause),
            NotBefore = UnixTime.Of(row.NotBefore),
            BlockedSince = UnixTime.Of(row.BlockedSince),
            BlockedReason = row.BlockedReason?.Word,
            CancelRequested = row.CancelRequested ? 1 : 0,

            // Only a running run is owned.
            OwnerName = running ? row.Owner?.Name : null,
            OwnerIncarnation = running ? row.Owner?.Incarnation : null,
            Fence = row.Fence,
            Version = row.Version,
            CreatedAt = row.CreatedAt.ToUnixTimeMilliseconds(),
            UpdatedAt = row.UpdatedAt.ToUnixTimeMilliseconds(),
            FinishedAt = UnixTime.Of(row.FinishedAt),
        };
    }

    public SqlArguments ToArguments() => new SqlArguments()
        .With("Id", Id)
        .With("UserId", UserId)
        .With("Name", Name)
        .With("Input", Input)
        .With("Status", Status)
        .With("Position", Position)
        .With("StepCount", StepCount)
        .With("NextServer", NextServer)
        .With("AwaitingReason", AwaitingReason)
        .With("AwaitedServer", AwaitedServer)
        .With("ParkedCause", ParkedCause)
        .With("NotBefore", NotBefore)
        .With("BlockedSince", BlockedSince)
        .With("BlockedReason", BlockedReason)
        .With("CancelRequested", CancelRequested)
        .With("OwnerName", OwnerName)
        .With("OwnerIncarnation", OwnerIncarnation)
        .With("Fence", Fence)
        .With("Version", Version)
        .With("CreatedAt", CreatedAt)
        .With("UpdatedAt", UpdatedAt)
        .With("FinishedAt", FinishedAt);

    public RunRow ToRow() => new()
    {
        Id = new RunId(Guid.ParseExact(Id, "D")),
        User = Executor.Identity.UserId.From(UserId),
        Name = Name,
        Input = Input,
        Status = RunWords.Status.Parse(Status),
        Position = Position,
        StepCount = StepCount,
        NextServer = ToServer(NextServer),
        AwaitingReason = RunWords.Awaiting.Parse(AwaitingReason),
        AwaitedServer = ToServer(AwaitedServer),
        ParkCause = RunWords.Cause.Parse(ParkedCause),
        NotBefore = UnixTime.From(NotBefore),
        BlockedSince = UnixTime.From(BlockedSince),
        BlockedReason = BlockedReason is null ? null : new BlockedReason(BlockedReason),
        CancelRequested = CancelRequested != 0,
        Owner = OwnerIncarnation is { } incarnation ? new NodeRef(OwnerName!, incarnation) : null,
        Fence = Fence,
        Version = Version,
        CreatedAt = UnixTime.From(CreatedAt),
        UpdatedAt = UnixTime.From(UpdatedAt),
        FinishedAt = UnixTime.From(FinishedAt),
    };

    public static McpServerId? ToServer(string? text) => text is null ? null : McpServerId.From(text);
}
