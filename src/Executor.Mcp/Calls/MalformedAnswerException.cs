using Executor.Servers;

namespace Executor.Mcp.Calls;

/// <param name="message">Our own words, which quote nothing.</param>
internal sealed class MalformedAnswerException(string message) : Exception(message);

/// <summary>The call was answered, with something that is no end of it.</summary>
internal sealed class RefusedResultException(McpFailure failure) : Exception("The answer is not the result of the call.")
{
    public McpFailure Failure { get; } = failure;
}
