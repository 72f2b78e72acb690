namespace Executor.Sandbox.Mcp;

public enum McpProtocol
{
    /// <summary>No sessions: 2026-07-28, and older clients without a session id.</summary>
    Stateless,

    /// <summary>The protocol before 2026-07-28, as a server speaks it that insists on <c>Mcp-Session-Id</c>.</summary>
    Sessions,
}

public enum McpAuth
{
    /// <summary>Access tokens issued by the sandbox's own authorization server, looked up live.</summary>
    OAuth,
    StaticBearer,
    None,
}
