using System.Net;
using System.Text;
using Executor.Credentials;
using Executor.Identity;
using Executor.Simulation.Algorithms.Bench;
using Executor.Simulation.Providers;

namespace Executor.Simulation.Algorithms.Own;

/// <summary>Beneath the real client of token endpoints: the bench's network. Each user's endpoint has a path of its own, which says whose it is.</summary>
internal sealed class BenchHandler(BenchWorld world, BenchNode node) : HttpMessageHandler
{
    private const string Base = "https://provider.example.com/token/";

    public static string EndpointOf(CredentialKey key) => $"{Base}{key.User.Value}";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var user = UserId.From(long.Parse(request.RequestUri!.ToString()[Base.Length..]));
        var connection = await world.Endpoint.ConnectAsync(node, new CredentialKey(user, BenchWorld.Server));
        var givingUp = cancellationToken.Register(() => connection.Answer.TrySetCanceled(cancellationToken));
        using var written = new MemoryStream();
        await TokenNetwork.Serialize(request.Content!, written, null, cancellationToken);
        connection.Write(TokenIn(Encoding.ASCII.GetString(written.ToArray())));
        var answer = await connection.Answer.Task;
        givingUp.Unregister(); // disposing of it would wait on another thread
        return new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = new ByteArrayContent(Encoding.ASCII.GetBytes(Body(answer))) };
    }

    private static string TokenIn(string body) =>
        body.Split('&').First(parameter => parameter.StartsWith("refresh_token=", StringComparison.Ordinal))["refresh_token=".Length..];

    private string Body(EndpointAnswer answer) => answer switch
    {
        { Pair: { RefreshToken: { } refresh } pair } =>
            $$"""{"access_token":"{{pair.AccessToken}}","token_type":"Bearer","expires_in":{{Lifetime}},"refresh_token":"{{refresh}}"}""",
        { Pair: { } pair } => $$"""{"access_token":"{{pair.AccessToken}}","token_type":"Bearer","expires_in":{{Lifetime}}}""",
        { Status: 400 } => """{"error":"invalid_grant"}""",
        _ => "",
    };

    private long Lifetime => (long)world.Provider.Profile.Lifetime.TotalSeconds;
}
