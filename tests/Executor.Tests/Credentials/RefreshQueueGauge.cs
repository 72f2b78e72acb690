using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Tests.Credentials;

/// <summary>How many refreshes of one node wait for their OAuth server's limits, as an operator sees it.</summary>
internal sealed class RefreshQueueGauge : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _count;

    public RefreshQueueGauge(TestNode node)
    {
        var meters = node.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "executor.refresh.queue" && ReferenceEquals(instrument.Meter.Scope, meters))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, by, _, _) => Interlocked.Add(ref _count, by));
        _listener.Start();
    }

    public Task ReachesAsync(int count) =>
        Eventually.TrueAsync(() => Task.FromResult(Interlocked.Read(ref _count) == count), TimeSpan.FromSeconds(60));

    public void Dispose() => _listener.Dispose();
}
