using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Executor.Http.Problems;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Hostile.Input;

/// <summary>The node under attack, with a victim's run and credential in it, and what has to hold of it whatever it is sent.</summary>
public sealed class Target : IAsyncLifetime
{
    internal const long Victim = 41;
    internal const long Attacker = 42;

    private static readonly string[] Types =
        [.. typeof(ProblemTypes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];

    private LiveNode _node = null!;

    internal LiveNode Node => _node;

    /// <summary>Parked: it stays as it is.</summary>
    internal string VictimsRun { get; private set; } = "";

    internal static string Token => TestTokens.For(Attacker);

    public async Task InitializeAsync()
    {
        _node = await LiveNode.StartAsync("""
            "crm":{"url":"http://127.0.0.1:9/mcp","auth":{"type":"oauth2"}}
            """);
        var victim = _node.As(Victim);
        var started = await victim.StartRunAsync("""{"name":"n","steps":[{"id":"s","type":"mcp","mcpServerId":"crm","tool":"echo"}]}""");
        VictimsRun = started.Json.GetProperty("id").GetString()!;
        await victim.RunReachesAsync(VictimsRun, "awaiting-input");
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    /// <summary>Runs the attack, after which nothing may have changed, nothing been told, and the node must serve as before.</summary>
    /// <param name="attack">Adds what it sent to what must not be told.</param>
    /// <param name="isInHead">
    /// What was sent is part of a request's head, which frameworks write down below the level of warnings; a node never prints those lines.
    /// </param>
    internal async Task WithstandsAsync(Func<ICollection<string>, Task> attack, bool isInHead = false)
    {
        var before = await _node.StoredAsync();
        Assert.NotEqual("", before);
        var quoted = new List<string> { Surface.Sentinel };
        var said = _node.Logs.Lines.Count;

        await attack(quoted);

        Assert.Equal(before, await _node.StoredAsync());
        var lines = _node.Logs.Lines.Skip(said).Where(line => !isInHead || line.Level >= LogLevel.Warning || line.Text.StartsWith("Executor", StringComparison.Ordinal));
        foreach (var (level, text) in lines)
        {
            Assert.False(level >= LogLevel.Error || quoted.Exists(quote => text.Contains(quote, StringComparison.Ordinal)), text);
        }

        using var alive = await _node.SendAsync(HttpMethod.Get, $"/runs/{VictimsRun}", TestTokens.For(Victim));
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
    }

    internal static async Task RefusedAsync(HttpResponseMessage response, string what, params int[] statuses)
    {
        var body = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
        Refused((int)response.StatusCode, $"{response.Headers} {response.Content.Headers}", body, what, statuses);
    }

    /// <summary>A typed refusal; or, of what is no HTTP at all, the server's own, without a body, after which it hangs up.</summary>
    internal static void Refused(RawAnswer answer, string what, params int[] statuses)
    {
        if (answer is { Body: "", Closes: true } && answer.Status is 0 or 400 or 408 or 414 or 431)
            Assert.DoesNotContain(Surface.Sentinel, answer.Text, StringComparison.Ordinal);
        else
            Refused(answer.Status, answer.Head, answer.Body, what, statuses);
    }

    private static void Refused(int status, string head, string body, string what, int[] statuses)
    {
        Assert.True(status is >= 400 and < 500, $"{what}: {status} {body}");
        Assert.True(statuses.Length == 0 || statuses.Contains(status), $"{what}: {status} {body}");
        Assert.True(head.Contains("application/problem+json", StringComparison.Ordinal), $"{what}: {head} {body}");
        Assert.False((head + body).Contains(Surface.Sentinel, StringComparison.Ordinal), $"{what}: {head} {body}");
        using var problem = JsonDocument.Parse(body);
        Assert.Contains(problem.RootElement.GetProperty("type").GetString(), Types);
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
    }
}
