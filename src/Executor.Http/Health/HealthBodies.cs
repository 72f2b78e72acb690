namespace Executor.Http.Health;

/// <param name="State"><c>idle</c>, <c>running</c>, <c>draining</c> or <c>stopped</c>.</param>
internal sealed record HealthBody(string State);

/// <param name="Problems">What is missing, without names or secrets.</param>
/// <param name="Warnings">What an operator should know although the node is ready.</param>
internal sealed record ProbeBody(string Status, IReadOnlyList<string>? Problems = null, IReadOnlyList<string>? Warnings = null);
