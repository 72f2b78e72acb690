using System.Net;

namespace Executor.Mcp.Http;

/// <summary>Not an <see cref="IOException"/>: the SDK takes those for a broken stream and asks for the rest of it.</summary>
internal sealed class AnswerTooLargeException() : Exception("The answer is larger than allowed.");

/// <summary>Nothing of the answer can be read.</summary>
internal sealed class UnknownEncodingException() : Exception("The answer is encoded in a way that is not known.");

/// <summary>
/// Thrown for a refused call, instead of handing the response to the SDK. The SDK would copy the body into an exception's message. On a
/// 404 that ends a session, it would also cancel every other call in flight on the same client.
/// </summary>
internal sealed class UpstreamStatusException(HttpStatusCode status) : Exception("The server refused the request.")
{
    public HttpStatusCode Status { get; } = status;
}
