namespace Executor.Silo.Hosting;

/// <summary>
/// A start leaves some ten megabytes of garbage, which a node without load would keep, as nothing makes it collect. Given back once,
/// by the last service to start.
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
