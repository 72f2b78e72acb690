namespace Executor.Silo.Hosting;

internal sealed partial class ClearTextWarning(ILogger<ClearTextWarning> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Log.InTheClear(logger);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Silos exchange access tokens in the clear: set SILO_TLS_CERTIFICATE, SILO_TLS_KEY and SILO_TLS_AUTHORITY, or keep this network to silos")]
        public static partial void InTheClear(ILogger logger);
    }
}
