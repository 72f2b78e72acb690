namespace Executor.Http.Health;

/// <param name="State"><c>idle</c>, <c>running</c>, <c>draining</c> or <c>stopped</c>.</param>
internal sealed record HealthBody(string State);

internal sealed record ProbeBody(string Status)
{
    /// <summary>What is missing, without names or secrets.</summary>
    public IReadOnlyList<string>? Problems { get; init; }

    /// <summary>What an operator should know although the node is ready.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}
