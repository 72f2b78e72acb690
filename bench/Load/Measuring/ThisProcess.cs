namespace Executor.Load;

/// <summary>For floors, which run in the load generator itself.</summary>
internal static class ThisProcess
{
    public static async Task<Measured> MeasureAsync(Func<Task<LoopResult>> work)
    {
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var loop = await work();
        return Measured.Of(loop, new Spent(GC.GetTotalAllocatedBytes(precise: true) - bytes, Environment.CpuUsage.TotalTime - cpu));
    }
}
