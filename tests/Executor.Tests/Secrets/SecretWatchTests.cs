using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Executor.Testing.Secrets;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Secrets;

/// <summary>The watch itself, on a mark of its own: each way in which a secret could get out is one that it sees.</summary>
public sealed class SecretWatchTests : IDisposable
{
    private const string Mark = "probe-of-the-watch";

    private readonly SecretWatch _watch = new(Mark);

    public SecretWatchTests() => _watch.Listen();

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void Log_line_of_any_level_with_a_secret_in_its_message_properties_or_exception_is_seen()
    {
        using var logs = new CapturedLogs(_watch);
        var logger = logs.CreateLogger("Executor.Probe");

        logger.Log(LogLevel.Trace, "{Token}", Mark);
        logger.Log(LogLevel.Error, new InvalidOperationException(Mark), "Failed");

        AssertSeen(2);
    }

    [Fact]
    public void Span_with_a_secret_in_its_name_status_tags_or_events_is_seen()
    {
        using var source = new ActivitySource("Executor.Probe");
        using (var span = source.StartActivity(Mark)!)
        {
            span.SetTag("token", Mark).SetStatus(ActivityStatusCode.Error, Mark);
            span.AddEvent(new ActivityEvent("refused", tags: new ActivityTagsCollection { ["body"] = $"before {Mark.ToUpperInvariant()} after" }));
        }

        AssertSeen(4);
    }

    [Fact]
    public void Measurement_with_a_secret_among_its_tags_is_seen()
    {
        using var meter = new Meter("Executor.Probe");
        meter.CreateCounter<long>("executor.probe").Add(1, new KeyValuePair<string, object?>("token", Mark));
        meter.CreateHistogram<double>("executor.probe.time").Record(1, new KeyValuePair<string, object?>("token", Mark));

        AssertSeen(2);
    }

    [Fact]
    public void Exception_with_a_secret_in_its_message_is_seen_though_somebody_catches_it()
    {
        try
        {
            throw new InvalidOperationException(Mark);
        }
        catch (InvalidOperationException)
        {
            // Seen when it was thrown.
        }

        AssertSeen(1);
    }

    [Fact]
    public async Task Answer_with_a_secret_in_its_head_or_body_is_seen()
    {
        using var http = new HttpClient(new WatchedAnswers(new Answering(), _watch));

        Assert.Equal(Mark, await http.GetStringAsync("http://node.example/"));

        AssertSeen(2);
    }

    [Fact]
    public async Task Nodes_console_with_a_secret_on_it_is_seen()
    {
        using (var node = NodeProcess.Start([$"--{Mark}"]))
        {
            node.Watch = _watch;
            Assert.Equal(1, await node.ExitCodeAsync());
        }

        Assert.NotEmpty(_watch.Leaks);
    }

    [Fact]
    public async Task Database_column_with_a_secret_in_the_clear_as_text_or_as_bytes_is_seen()
    {
        await using (var node = await LiveNode.StartAsync())
        {
            node.Watch = _watch;
            var body = $$$"""{"name":"{{{Mark}}}","steps":[{"id":"s","type":"mcp","mcpServerId":"none","tool":"t"}]}""";
            await node.As(1).StartRunAsync(body);
        }

        _watch.See("database", Convert.ToHexStringLower(Encoding.UTF8.GetBytes($"a{Mark}")));
        AssertSeen(2);
    }

    [PostgresFact]
    public async Task Clusters_column_with_a_secret_in_the_clear_is_seen()
    {
        await using (var cluster = await Cluster.StartAsync(nodes: 0))
        {
            cluster.Watch = _watch;
            await cluster.ScalarAsync<object>($"""
                CREATE SCHEMA "{cluster.Schema}";
                CREATE TABLE "{cluster.Schema}".tokens AS
                    SELECT a, convert_to(a, 'UTF8') AS b FROM (SELECT 'probe-of-' || 'the-watch' AS a) t;
                """);
        }

        AssertSeen(1);
    }

    private void AssertSeen(int count) => Assert.Equal(count, _watch.Leaks.Count);

    private sealed class Answering : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Headers = { { "X-Probe", Mark } }, Content = new StringContent(Mark) });
    }
}
