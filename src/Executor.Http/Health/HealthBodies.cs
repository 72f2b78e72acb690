namespace Executor.Http.Health;

/// <param name="State"><c>idle</c>, <c>running</c>, <c>draining</c> or <c>stopped</c>.</param>
internal sealed record HealthBody(string State);

/// <param name="Problems">What is missing, without names or secrets.</param>
internal sealed record ProbeBody(string Status, IReadOnlyList<string>? Problems = null);
