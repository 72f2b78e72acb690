namespace Executor.Silo.Hosting;

/// <summary>
/// A start leaves some ten megabytes of garbage. A node without load would keep it, since nothing makes the collector run. The last
/// service to start gives it back, once.
/// </summary>
internal sealed class StartGarbage(TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(_rest, time, stoppingToken);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
