using System.Diagnostics.Tracing;
using System.Globalization;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace Executor.Load;

/// <summary>
/// The bytes that another process has allocated on its managed heap: the runtime's own counter (<c>alloc-rate</c> of
/// <c>System.Runtime</c>), told over its diagnostics socket several times a second.
/// </summary>
internal sealed class Allocations : IDisposable
{
    private const string Interval = "0.25";

    private readonly EventPipeSession _session;
    private readonly EventPipeEventSource _source;
    private readonly Task _reading;
    private readonly Lock _gate = new();
    private TaskCompletionSource<double> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private double _total;

    public Allocations(int process)
    {
        _session = new DiagnosticsClient(process).StartEventPipeSession(
            [new EventPipeProvider("System.Runtime", EventLevel.Informational, 0, new Dictionary<string, string> { ["EventCounterIntervalSec"] = Interval })],
            requestRundown: false);
        _source = new EventPipeEventSource(_session.EventStream);
        _source.Dynamic.All += Hear;
        _reading = Task.Factory.StartNew(() => _source.Process(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Since this began, as told next: no earlier than now.</summary>
    public Task<double> TotalAsync()
    {
        lock (_gate)
            return _told.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public void Dispose()
    {
        _session.Stop();
        _reading.Wait();
        _source.Dispose();
        _session.Dispose();
    }

    private void Hear(TraceEvent happened)
    {
        if (happened.EventName != "EventCounters"
            || happened.PayloadByName("") is not IDictionary<string, object> outer
            || outer["Payload"] is not IDictionary<string, object> counter
            || counter["Name"] is not "alloc-rate")
        {
            return;
        }

        TaskCompletionSource<double> told;
        lock (_gate)
        {
            _total += Convert.ToDouble(counter["Increment"], CultureInfo.InvariantCulture);
            told = _told;
            _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        told.SetResult(_total);
    }
}
