using Executor.Credentials;
using Executor.Nodes;
using Executor.Storage.Databases;

namespace Executor.Storage.Credentials;

internal sealed class IntentRecord
{
    public string Id { get; init; } = "";

    public long Generation { get; init; }

    public int Ordinal { get; init; }

    public string OwnerName { get; init; } = "";

    public long OwnerIncarnation { get; init; }

    public long StartedAt { get; init; }

    public long Deadline { get; init; }

    public int UsesKept { get; init; }

    public string Settlement { get; init; } = "";

    public string RecordedFailure { get; init; } = "";

    public int OwnerGone { get; init; }

    public RefreshIntent ToIntent() => new()
    {
        Id = new IntentId(Guid.ParseExact(Id, "D")),
        Generation = new Generation(Generation),
        Ordinal = Ordinal,
        Owner = new NodeRef(OwnerName, OwnerIncarnation),
        StartedAt = UnixTime.From(StartedAt),
        Deadline = UnixTime.From(Deadline),
        UsesKept = UsesKept != 0,
        Settlement = CredentialWords.Settlement.Parse(Settlement),
        RecordedFailure = CredentialWords.Reason.Parse(RecordedFailure),
        OwnerGone = OwnerGone != 0,
    };

    /// <summary>Adds the parameters of the intent numbered <paramref name="n"/> in one statement.</summary>
    public static void AddTo(SqlArguments arguments, RefreshIntent intent, int n) => arguments
        .With($"Id{n}", intent.Id.Value.ToString("D"))
        .With($"Ordinal{n}", intent.Ordinal)
        .With($"OwnerName{n}", intent.Owner.Name)
        .With($"OwnerIncarnation{n}", intent.Owner.Incarnation)
        .With($"StartedAt{n}", UnixTime.Of(intent.StartedAt))
        .With($"Deadline{n}", UnixTime.Of(intent.Deadline))
        .With($"UsesKept{n}", intent.UsesKept ? 1 : 0)
        .With($"Settlement{n}", CredentialWords.Settlement.Of(intent.Settlement))
        .With($"RecordedFailure{n}", CredentialWords.Reason.Of(intent.RecordedFailure));
}
