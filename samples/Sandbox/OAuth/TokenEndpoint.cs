namespace Executor.Sandbox.OAuth;

/// <summary><c>POST /oauth/token</c>: journal, client, fault, redemption, answer, in this order.</summary>
internal sealed class TokenEndpoint(OAuthSandbox sandbox)
{
    public async Task HandleAsync(HttpContext http)
    {
        using var open = sandbox.Open.Begin();
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(http.RequestAborted) : FormCollection.Empty;
        var client = ClientAuthentication.Read(http.Request, form);
        var token = ClientAuthentication.Value(form, "refresh_token");
        var presented = token is null ? null : sandbox.Book.FindRefreshToken(token);
        var grant = presented?.Grant;
        sandbox.CountRequest(grant);
        var resource = ClientAuthentication.Value(form, "resource");
        var fault = sandbox.Faults.Take(f => (f.GrantId is null || f.GrantId == grant?.Id) && (resource is not null || !f.MeetsResourceOnly));
        var entry = sandbox.Journal.Add(sequence => new GrantRequest
        {
            Sequence = sequence,
            ReceivedAt = sandbox.Time.GetUtcNow(),
            GrantId = grant?.Id,
            User = grant?.User,
            ClientId = client?.ClientId,
            AuthMethod = client?.Method ?? ClientAuthMethod.None,
            Scope = ClientAuthentication.Value(form, "scope"),
            Resource = resource,
            UserAgent = http.Request.Headers.UserAgent,
            AcceptEncoding = http.Request.Headers.AcceptEncoding,
            Generation = presented?.Generation,
            Fault = fault,
        });

        var exchange = new Exchange(sandbox, http, open, entry, fault ?? new OAuthFault { Spending = Spending.Now });
        try
        {
            await exchange.RunAsync(() => Decide(form, client, token, grant));
        }
        catch (OperationCanceledException)
        {
            exchange.Abandon();
        }
    }

    private Redemption Decide(IFormCollection form, ClientAuthentication? client, string? token, Grant? grant)
    {
        if (client is null)
            return new Redemption { Outcome = GrantOutcome.InvalidRequest };
        if (ClientAuthentication.Value(form, "grant_type") != "refresh_token")
            return new Redemption { Outcome = GrantOutcome.UnsupportedGrantType };
        if (!client.Satisfies(client.ClientId is null ? null : sandbox.Clients.GetValueOrDefault(client.ClientId)))
            return new Redemption { Outcome = GrantOutcome.InvalidClient };
        if (client.ClientId is null && grant?.ClientId is not null)
            return new Redemption { Outcome = GrantOutcome.InvalidClient };
        if (token is null)
            return new Redemption { Outcome = GrantOutcome.InvalidRequest };
        // Issued to another client (RFC 6749 section 5.2).
        if (grant is null || grant.ClientId != client.ClientId)
            return Redemption.Refused();

        var redemption = sandbox.Book.Redeem(token);
        sandbox.CountRedemption(redemption);
        return redemption;
    }
}
