using Executor.Silo.Hosting;

return await ExecutorHost.RunAsync(args);
