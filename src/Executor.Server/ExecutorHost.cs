using Executor.Http;
using Executor.Security;
using Executor.Server.Configuration;
using Executor.Server.Hosting;
using Executor.Storage;

namespace Executor.Server;

/// <summary>Makes a node, in a process of its own or inside another program.</summary>
public static partial class ExecutorHost
{
    /// <summary>The whole program: 0 after an orderly stop, 1 when the node could not start or has failed.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="configure">A last word about services and logging.</param>
    public static async Task<int> RunAsync(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var line = CommandLine.Parse(args, []);
        if (line.WantsHelp || line.WantsVersion)
        {
            await Console.Out.WriteLineAsync(line.WantsHelp ? Help.Text() : ExecutorVersion.Current);
            return 0;
        }

        try
        {
            await using var app = Build(args, configure: configure);
            await app.StartAsync();
            await app.WaitForShutdownAsync();
            return HasFailed(app.Services) ? 1 : 0;
        }
        catch (Exception failure) when (failure is ConfigurationException or StorageStartException or StoreUnavailableException or IOException)
        {
            // Made for an operator: no stack, no secret. An IOException is a port that is taken.
            var hint = failure is StoreUnavailableException ? " Is it reachable, and does DATABASE_SSL say what it speaks?" : "";
            await Console.Error.WriteLineAsync(failure.Message + hint);
            return 1;
        }
    }

    /// <param name="args">The command line.</param>
    /// <param name="environment">Settings by name, instead of the process's environment and the default settings file.</param>
    /// <param name="configure">A last word about services and logging.</param>
    /// <exception cref="ConfigurationException">Names everything that is wrong.</exception>
    public static WebApplication Build(
        string[] args, Func<string, string?>? environment = null, Action<WebApplicationBuilder>? configure = null)
    {
        var settings = SettingsReader.Read(args, environment);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            EnvironmentName = settings.IsDevelopment ? Environments.Development : Environments.Production,
        });
        builder.Logging.AddNodeLogging(settings.LogLevel);
        builder.WebHost.UseNodeWebServer(settings);
        builder.Services.AddRoutingCore();
        builder.Services.AddNode(settings);
        builder.Host.ConfigureContainer<IServiceCollection>((_, services) => services.AddWork(settings));
        configure?.Invoke(builder);
        var app = builder.Build();
        app.UseExecutor();
        app.MapExecutor();
        foreach (var warning in settings.Warnings)
            Log.Setting(app.Logger, warning);
        if (!settings.Keyring.HasKey)
            Log.NoEncryptionKey(app.Logger);
        return app;
    }

    /// <summary>A background service that failed has stopped the host, which calls that an orderly stop.</summary>
    private static bool HasFailed(IServiceProvider services) =>
        services.GetServices<IHostedService>().OfType<BackgroundService>().Any(service => service.ExecuteTask is { IsFaulted: true });

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Settings: {Warning}")]
        public static partial void Setting(ILogger logger, string warning);

        [LoggerMessage(Level = LogLevel.Warning, Message = "No encryption key is set (EXECUTOR_ENCRYPTION_KEY): deposits, and whatever needs a deposited credential, are answered 503")]
        public static partial void NoEncryptionKey(ILogger logger);
    }
}
