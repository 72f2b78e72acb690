using Executor.Server;
using Executor.Silo.Hosting;

return await ExecutorHost.RunAsync(
    args, node => node.AddSilo(SiloSettings.Read(Environment.GetEnvironmentVariable)), StartFailures.Explain);
