using Executor.Server;
using Executor.Silo.Hosting;

try
{
    return await ExecutorHost.RunAsync(args, node => node.AddSilo(SiloSettings.Read(Environment.GetEnvironmentVariable)));
}
catch (Exception failure) when (StartFailures.Explain(failure) is { } words)
{
    await Console.Error.WriteLineAsync(words);
    return 1;
}
