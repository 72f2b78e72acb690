namespace Executor.Tests.Hostile.Input;

/// <summary>One endpoint, as an attacker sees it: what of a request it reads.</summary>
/// <param name="Method">The one that it takes.</param>
/// <param name="Pattern">Its route, as the node has it.</param>
internal sealed record Surface(string Method, string Pattern)
{
    public const string Sentinel = "SENTINEL-hostile";

    /// <summary>Every endpoint of the node. One that is missing here fails <see cref="SurfaceTests"/>.</summary>
    public static IReadOnlyList<Surface> All { get; } =
    [
        new("POST", "/mcp-oauth-credentials/")
        {
            Body = """
                {"mcpServerId":"crm","refreshToken":"SENTINEL-hostile","tokenEndpoint":"https://idp.example.com/token","clientId":"app",
                "clientSecret":"SENTINEL-hostile","clientSecretExpiresAt":"2999-01-01","tokenEndpointAuthMethod":"client_secret_post","scopes":"a b"}
                """,
        },
        new("DELETE", "/mcp-oauth-credentials/{**mcpServerId}") { Id = IdKind.Server },
        new("GET", "/list-mcp-tools") { Query = [new("mcpServerId", Required: true)] },
        new("POST", "/runs/")
        {
            Body = """
                {"name":"n","input":{"a":"SENTINEL-hostile"},"steps":[{"id":"s","type":"mcp","mcpServerId":"crm","tool":"echo",
                "arguments":{"a":"SENTINEL-hostile"},"timeoutSeconds":5,"onUnknown":"ask"}]}
                """,
            Headers = ["Idempotency-Key"],
        },
        new("GET", "/runs/") { Query = [new("status"), new("cursor"), new("mcpServerId", TakesAnyText: true)] },
        new("GET", "/runs/{id}") { Id = IdKind.Run },
        new("POST", "/runs/{id}/trigger") { Id = IdKind.Run, Body = """{"action":"retry"}""" },
        new("POST", "/runs/{id}/cancel") { Id = IdKind.Run },
        new("GET", "/runs/{id}/events") { Id = IdKind.Run },
        new("GET", "/health") { IsAnonymous = true },
        new("GET", "/livez") { IsAnonymous = true },
        new("GET", "/readyz") { IsAnonymous = true },
        new("GET", "/startupz") { IsAnonymous = true },
        new("GET", "/openapi/v1.json") { IsAnonymous = true },
    ];

    public bool IsAnonymous { get; init; }

    public IdKind Id { get; init; }

    /// <summary>A body that is accepted; null where none is read.</summary>
    public string? Body { get; init; }

    public QueryParameter[] Query { get; init; } = [];

    public string[] Headers { get; init; } = [];

    public HttpMethod HttpMethod => new(Method);

    public bool ChangesState => Method != "GET";

    /// <param name="id">In place of the route's parameter, as it is.</param>
    public string Path(string id = "01890a5d-ac96-774b-bcce-b302099a8057")
    {
        var start = Pattern.IndexOf('{', StringComparison.Ordinal);
        return start < 0 ? Pattern.TrimEnd('/') : Pattern[..start] + id + Pattern[(Pattern.IndexOf('}', StringComparison.Ordinal) + 1)..];
    }

    public override string ToString() => $"{Method} {Pattern}";
}

internal enum IdKind
{
    None,
    Run,

    /// <summary>Any well-formed text.</summary>
    Server,
}

internal sealed record QueryParameter(string Name, bool Required = false, bool TakesAnyText = false);
