using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Executor.Tests.Sandbox;

public sealed class ControlOverHttpTests : SandboxTest
{
    [Fact]
    public async Task Grant_fault_wait_and_release_work_from_another_process()
    {
        using var http = new HttpClient { BaseAddress = Host.BaseAddress };
        var minted = await PostAsync(http, "/control/grants", """{"user":"7","behaviour":{"graceSeconds":30,"graceAnswer":"samePair"}}""");
        var grantId = minted["grantId"]!.GetValue<string>();
        await PostAsync(http, "/control/oauth/faults", $$"""{"spending":"now","holdAnswer":true,"grantId":"{{grantId}}"}""");

        var waiting = http.GetFromJsonAsync<JsonArray>($"/control/oauth/wait?stage=held&grantId={grantId}&timeoutMs=10000");
        var pending = Client.RefreshAsync(minted["refreshToken"]!.GetValue<string>());
        var held = (await waiting)!;
        Assert.Equal("now", held[0]!["fault"]!["spending"]!.GetValue<string>());
        var released = await PostAsync(http, "/control/oauth/release", """{"sequence":1}""");

        Assert.Equal(1, released["count"]!.GetValue<int>());
        Assert.Equal(200, (await pending).Status);
        var status = await http.GetFromJsonAsync<JsonObject>($"/control/grants/{grantId}");
        Assert.Equal(1, status!["issued"]!.GetValue<int>());
    }

    [Fact]
    public async Task Wait_that_sees_nothing_is_answered_with_408()
    {
        using var http = new HttpClient { BaseAddress = Host.BaseAddress };
        using var response = await http.GetAsync(new Uri("/control/mcp/wait?tool=echo&stage=held&timeoutMs=20", UriKind.Relative));
        Assert.Equal(HttpStatusCode.RequestTimeout, response.StatusCode);
    }

    [Fact]
    public async Task Misspelt_member_is_refused()
    {
        using var http = new HttpClient { BaseAddress = Host.BaseAddress };
        using var response = await http.PostAsJsonAsync("/control/mcp/faults", new { kind = "hang", tols = "echo" });
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Reset_forgets_grants_and_counters()
    {
        using var http = new HttpClient { BaseAddress = Host.BaseAddress };
        var grant = Host.OAuth.Mint();
        await Client.RefreshAsync(grant.RefreshToken);

        await PostAsync(http, "/control/reset", "{}");

        Assert.Equal(0, Host.OAuth.Counters.GrantRequests);
        Assert.Empty(Host.OAuth.Journal.Read());
        Assert.Null(Host.OAuth.Status(grant.GrantId));
    }

    private static async Task<JsonObject> PostAsync(HttpClient http, string path, string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri(path, UriKind.Relative), content);
        response.EnsureSuccessStatusCode();
        var body = await response.Content.ReadAsStringAsync();
        return body.Length == 0 ? [] : JsonNode.Parse(body)!.AsObject();
    }
}
