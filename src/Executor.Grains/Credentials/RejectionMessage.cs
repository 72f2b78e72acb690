using Executor.Credentials;

namespace Executor.Grains.Credentials;

/// <summary>A 401 of the MCP server, as it travels.</summary>
[GenerateSerializer, Immutable, Alias("executor.rejection")]
internal readonly struct RejectionMessage
{
    [Id(0)]
    public required long Generation { get; init; }

    [Id(1)]
    public bool IsRenewed { get; init; }

    [Id(2)]
    public Guid? Probe { get; init; }

    [Id(3)]
    public long Episode { get; init; }

    public static RejectionMessage From(Rejection rejection) => new()
    {
        Generation = rejection.Generation.Value,
        IsRenewed = rejection.IsRenewed,
        Probe = rejection.Probe?.Value,
        Episode = rejection.Episode,
    };

    public Rejection ToRejection() =>
        new(new Generation(Generation), IsRenewed, Probe is { } probe ? new ProbeId(probe) : null, Episode);
}
