using System.Threading.Channels;
using Executor.Runs;

namespace Executor.Http.Runs;

/// <summary>The latest that is known of a call's progress, at a reader's pace: a server may send thousands a second.</summary>
internal sealed class ProgressFeed : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    private readonly Channel<StepProgress> _latest =
        Channel.CreateBounded<StepProgress>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly IDisposable? _watching;
    private readonly TimeProvider _time;
    private readonly CancellationToken _ended;
    private Task<StepProgress>? _next;
    private long? _taken;

    /// <param name="progress">Null where this node makes no calls.</param>
    public ProgressFeed(IRunProgress? progress, RunId run, TimeProvider time, CancellationToken ended)
    {
        _time = time;
        _ended = ended;
        _watching = progress?.Watch(run, said => _latest.Writer.TryWrite(said));
    }

    /// <summary>The same until it is taken.</summary>
    public Task Next => _next ??= ReadAsync();

    public async Task<StepProgress> TakeAsync()
    {
        var taken = await (_next ?? ReadAsync());
        _next = null;
        _taken = _time.GetTimestamp();
        return taken;
    }

    public void Dispose() => _watching?.Dispose();

    private async Task<StepProgress> ReadAsync()
    {
        await _latest.Reader.WaitToReadAsync(_ended);
        if (_taken is { } last && Pace - _time.GetElapsedTime(last) is var rest && rest > TimeSpan.Zero)
            await Task.Delay(rest, _time, _ended);
        return await _latest.Reader.ReadAsync(_ended);
    }
}

/// <summary>How far the step under way has come, as its server says.</summary>
/// <param name="Total">Left out where the server does not say it.</param>
/// <param name="Message">The server's words, cut to a line.</param>
internal sealed record ProgressBody(string StepId, double Progress, double? Total, string? Message)
{
    public static ProgressBody Of(StepProgress said) => new(said.StepId, said.Progress.Progress, said.Progress.Total, said.Progress.Message);
}
