namespace Executor.Sandbox.OAuth;

/// <summary><c>POST /oauth/revoke</c> (RFC 7009): unknown tokens are answered with 200 too.</summary>
internal sealed class RevocationEndpoint(OAuthSandbox sandbox)
{
    public async Task<IResult> HandleAsync(HttpContext http)
    {
        sandbox.CountRevocation();
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(http.RequestAborted) : FormCollection.Empty;
        var client = ClientAuthentication.Read(http.Request, form);
        var token = ClientAuthentication.Value(form, "token");
        if (client is null || token is null)
            return Error("invalid_request", StatusCodes.Status400BadRequest);
        if (!client.Satisfies(client.ClientId is null ? null : sandbox.Clients.GetValueOrDefault(client.ClientId)))
            return Error("invalid_client", StatusCodes.Status401Unauthorized);
        sandbox.Book.RevokeToken(token, client.ClientId);
        return Results.Ok();
    }

    private static IResult Error(string code, int status) => Results.Json(new Dictionary<string, string> { ["error"] = code }, statusCode: status);
}
