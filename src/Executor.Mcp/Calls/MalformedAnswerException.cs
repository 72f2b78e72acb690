namespace Executor.Mcp.Calls;

/// <param name="message">Our own words, which quote nothing.</param>
internal sealed class MalformedAnswerException(string message) : Exception(message);
