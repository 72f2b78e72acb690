using System.Text.RegularExpressions;

namespace Executor.Mcp.Http.Answers;

/// <summary>
/// How servers say that they do not know a session, or were never told <c>initialize</c>. MCP asks for a 404 there, and few do it. The
/// status is any of 400, 401, 404, 410 and 422. The JSON-RPC code is any of -32000, -32001 and -32600. Only the words agree.
/// </summary>
internal static partial class SessionWords
{
    public static bool SpeakOfSession(string text) =>
        text.Contains("session", StringComparison.OrdinalIgnoreCase) && Session().IsMatch(text)
        || text.Contains("initiali", StringComparison.OrdinalIgnoreCase) && Handshake().IsMatch(text);

    // TypeScript SDK: "Bad Request: No valid session ID provided", "Bad Request: Mcp-Session-Id header is required", "Session not found".
    // Python SDK: "Bad Request: Missing session ID", "Session has been terminated". C# SDK: "Session not found".
    // rmcp: "Unauthorized: Session not found". mcp-go: "Invalid session ID". Others: unknown, expired, closed, does not exist.
    [GeneratedRegex(
        @"\b(no|invalid|missing|unknown|expired|stale|unrecogni[sz]ed|bad)\b[^.\n]{0,24}\bsession|\bsession\b[^.\n]{0,40}\b(not|no longer|unknown|invalid|expired|missing|required|terminated|closed|ended|gone|lost|doesn'?t|does not)\b|session[ _-]?(id)?[ _-]?(not[ _-]?found|expired|invalid|missing|required|terminated|closed)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Session();

    // TypeScript SDK: "Bad Request: Server not initialized". rmcp: "expect initialize request".
    // Python SDK: "Received request before initialization was complete".
    [GeneratedRegex(
        @"\bnot (yet )?(been )?initiali[sz]ed\b|\buninitiali[sz]ed\b|\bexpect(ed|s)? (an )?initiali[sz]e\b|\bbefore initiali[sz]ation\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Handshake();
}
