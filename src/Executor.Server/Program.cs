return await Executor.Server.ExecutorHost.RunAsync(args);
