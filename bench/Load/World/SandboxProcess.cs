using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Executor.Sandbox;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Load;

/// <summary>The sandbox as a process of its own: OAuth server and MCP server.</summary>
internal sealed class SandboxProcess : IDisposable
{
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly Process _process;
    private readonly HttpClient _http;

    private SandboxProcess(Process process, Uri address)
    {
        _process = process;
        AppDomain.CurrentDomain.ProcessExit += Kill;
        _http = new HttpClient { BaseAddress = address };
    }

    public int Id => _process.Id;

    public Uri Mcp => new(_http.BaseAddress!, "/mcp");

    public Uri TokenEndpoint => new(_http.BaseAddress!, "/oauth/token");

    public static async Task<SandboxProcess> StartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(SandboxHost).Assembly.Location, "--port", "0"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The sandbox did not start.");
        return new SandboxProcess(process, new Uri(line));
    }

    public async Task<MintedGrant> MintAsync()
    {
        using var answer = await _http.PostAsJsonAsync("/control/grants", new MintGrant { User = "user" }, Wire);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<MintedGrant>(Wire))!;
    }

    /// <summary>As any client would.</summary>
    public async Task RedeemAsync(string refreshToken)
    {
        using var form = new FormUrlEncodedContent(
        [
            new("grant_type", "refresh_token"),
            new("refresh_token", refreshToken),
            new("client_id", "sandbox-client"),
        ]);
        using var answer = await _http.PostAsync("/oauth/token", form);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<OAuthCounters> OAuthCountersAsync() => (await _http.GetFromJsonAsync<OAuthCounters>("/control/oauth/counters", Wire))!;

    /// <summary>The first call of the tool after <paramref name="after"/>, as soon as there is one.</summary>
    public async Task<McpRequest> NextCallAsync(string tool, long after)
    {
        var found = await _http.GetFromJsonAsync<McpRequest[]>($"/control/mcp/wait?tool={tool}&after={after}&timeoutMs=60000", Wire);
        return found![0];
    }

    public async Task ResetAsync() => (await _http.PostAsync("/control/reset", null)).EnsureSuccessStatusCode().Dispose();

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Kill;
        _http.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>However this process ends, short of being killed.</summary>
    private void Kill(object? sender, EventArgs e) => _process.Kill();
}
