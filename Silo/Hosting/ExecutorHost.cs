using Executor.Http;
using Executor.Security;
using Executor.Silo.Configuration;
using Executor.Silo.Telemetry;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Executor.Silo.Hosting;

/// <summary>Makes a node, in a process of its own or inside another program.</summary>
public static partial class ExecutorHost
{
    /// <summary>The whole program: 0 after an orderly stop, 1 when the node could not start or has failed, 130 when it was cut off.</summary>
    /// <param name="args">The command line.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var line = CommandLine.Parse(args, []);
        if (line.WantsHelp || line.WantsVersion)
        {
            await Console.Out.WriteLineAsync(line.WantsHelp ? Help.Text() : ExecutorVersion.Current);
            return 0;
        }

        ServerSettings? settings = null;
        var hasStarted = false;
        try
        {
            settings = SettingsReader.Read(args, environment: null);
            if (line.AdoptsCopy)
                return await DatabaseCommands.AdoptCopyAsync(settings);
            using var interrupt = new SecondInterrupt();
            await using var app = Build(settings, configure: null);
            await app.StartAsync();
            hasStarted = true;
            await app.WaitForShutdownAsync();
            return HasFailed(app.Services) ? 1 : 0;
        }
        catch (Exception failure)
        {
            await Console.Error.WriteLineAsync(StartFailures.Explain(failure, hasStarted));
            if (settings?.LogLevel == LogLevel.Debug && failure is not ConfigurationException)
                await Console.Error.WriteLineAsync(failure.ToString());
            return 1;
        }
    }

    /// <param name="args">The command line.</param>
    /// <param name="environment">Settings by name, instead of the process's environment and the default settings file.</param>
    /// <param name="configure">A last word about services and logging.</param>
    /// <exception cref="ConfigurationException">Names everything that is wrong.</exception>
    public static WebApplication Build(
        string[] args, Func<string, string?>? environment = null, Action<WebApplicationBuilder>? configure = null) =>
        Build(SettingsReader.Read(args, environment), configure);

    private static WebApplication Build(ServerSettings settings, Action<WebApplicationBuilder>? configure)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            EnvironmentName = settings.IsDevelopment ? Environments.Development : Environments.Production,
        });
        builder.Logging.AddNodeLogging(settings.LogLevel, settings.LogFormat);
        builder.WebHost.UseNodeWebServer(settings);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddRoutingCore();
        builder.Services.AddNode(settings);
        builder.AddSilo(settings);
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
