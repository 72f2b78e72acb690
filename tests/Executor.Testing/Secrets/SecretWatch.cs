using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.ExceptionServices;
using System.Text;

namespace Executor.Testing.Secrets;

/// <summary>
/// Looks for the marks of secrets in whatever this process and the nodes that it starts say while its tests run. It hears spans, metrics
/// and exceptions by itself; log lines, answers, consoles and database columns are shown to it by the shared parts that the tests use.
/// What it finds fails the test that runs last, <see cref="SecretWatchVerdict"/>.
/// </summary>
internal sealed class SecretWatch(params string[] marks) : IDisposable
{
    // Those that nodes export: the MCP SDK's own spans, which they do not, hold what a server wrote.
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql"];

    private readonly string[] _marks = [.. marks, .. marks.Select(mark => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(mark)))];
    private readonly SearchValues<string> _search = SearchValues.Create(
        [.. marks, .. marks.Select(mark => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(mark)))], StringComparison.OrdinalIgnoreCase);

    private readonly ConcurrentQueue<string> _leaks = new();
    private readonly List<IDisposable> _listeners = [];
    private long _looks;

    public static SecretWatch OfThisRun { get; } = new(
        "sandbox_rt_", // the sandbox's refresh tokens,
        "sandbox_at_", // its access tokens,
        "sandbox_cs_", // client secrets registered there,
        "Answered by the sandbox", // and what it writes beside an error
        "<h1>Something went wrong",
        TestTokens.Secret,
        TestTokens.EncryptionKey,
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."); // callers' tokens

    /// <summary>As bytes look in a dump, too.</summary>
    public IReadOnlyList<string> Marks => _marks;

    public IReadOnlyCollection<string> Leaks => _leaks;

    /// <summary>How much was looked at: a watch that sees nothing proves nothing.</summary>
    public long Looks => Interlocked.Read(ref _looks);

    /// <summary>Hears what the process says through its runtime, from now on.</summary>
    public void Listen()
    {
        var spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("Executor", StringComparison.Ordinal) || Sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = See,
        };
        ActivitySource.AddActivityListener(spans);
        var meters = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        meters.SetMeasurementEventCallback<int>((instrument, _, tags, _) => See(instrument, tags));
        meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => See(instrument, tags));
        meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => See(instrument, tags));
        meters.Start();
        AppDomain.CurrentDomain.FirstChanceException += See;
        lock (_listeners)
            _listeners.AddRange([spans, meters]);
    }

    public void See(string where, string? text)
    {
        Interlocked.Increment(ref _looks);
        if (text is null || text.AsSpan().IndexOfAny(_search) is var at && at < 0)
            return;
        var start = Math.Max(0, at - 200);
        _leaks.Enqueue($"{where}: …{text[start..Math.Min(text.Length, at + 100)]}…");
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.FirstChanceException -= See;
        lock (_listeners)
            _listeners.ForEach(listener => listener.Dispose());
    }

    private void See(Activity span)
    {
        See("span", span.DisplayName);
        See("span", span.StatusDescription);
        foreach (var tag in span.TagObjects.Concat(span.Events.SelectMany(happened => happened.Tags)))
            See($"span, {tag.Key}", tag.Value?.ToString());
    }

    private void See(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (key, value) in tags)
        {
            if (value is string text)
                See($"metric {instrument.Name}, {key}", text);
        }
    }

    private void See(object? sender, FirstChanceExceptionEventArgs thrown)
    {
        // A failed assertion quotes what it likes: it has failed the run already.
        if (thrown.Exception.GetType().Namespace?.StartsWith("Xunit", StringComparison.Ordinal) != true)
            See(thrown.Exception.GetType().FullName!, thrown.Exception.Message);
    }
}
