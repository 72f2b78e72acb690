namespace Executor.Servers;

/// <summary>How far a call has come, as its server says.</summary>
/// <param name="Total">Null where the server does not know it.</param>
/// <param name="Message">The server's text, bounded; for the user whose call it is, and nobody else.</param>
public readonly record struct McpProgress(double Progress, double? Total, string? Message);
