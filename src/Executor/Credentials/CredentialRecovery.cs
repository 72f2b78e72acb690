using Executor.Credentials.Owner;
using Executor.Nodes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Executor.Credentials;

/// <summary>
/// Sees to it that every open intent is resolved, although its sender died and nobody asks for the token. It also sees to it that refused
/// tokens are tried again. It looks at start, and from time to time. Which rows may be touched yet, the transitions decide.
/// </summary>
internal sealed partial class CredentialRecovery(
    ICredentialStore store,
    ICredentialRecoverer owners,
    ProbeSweep probes,
    INodeLiveness liveness,
    IOptions<CredentialOptions> options,
    TimeProvider time,
    ILogger<CredentialRecovery> logger) : BackgroundService
{
    private const int PageSize = 200;
    private const int Concurrency = 16;

    /// <summary>A flight may have to listen for minutes: the sweep sets it off, and sees whether it was short.</summary>
    private static readonly TimeSpan _glance = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RecoveryInterval, time);
        do
        {
            try
            {
                await SweepAsync(stoppingToken);
                if (liveness.MayStartSteps)
                    await probes.SweepAsync(stoppingToken);
            }
            catch (StoreUnavailableException)
            {
                Log.StoreUnavailable(logger);
            }
            catch (Exception defect) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, defect.GetType().Name); // it would end the whole process, and the next pass may fare better
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One pass over everything that is unresolved.</summary>
    internal async Task SweepAsync(CancellationToken cancellationToken)
    {
        CredentialKey? after = null;
        while (liveness.MayOpenIntents)
        {
            var keys = await store.FindUnresolvedAsync(after, PageSize, cancellationToken);
            await Parallel.ForEachAsync(
                keys,
                new ParallelOptions
                {
                    MaxDegreeOfParallelism = Concurrency,
                    TaskScheduler = TaskScheduler.Current, // unset, it is the thread pool's
                    CancellationToken = cancellationToken,
                },
                async (key, stop) => await RecoverAsync(key, stop));
            if (keys.Count < PageSize)
                return;
            after = keys[^1];
        }
    }

    private async Task RecoverAsync(CredentialKey key, CancellationToken cancellationToken)
    {
        try
        {
            await owners.RecoverAsync(key, cancellationToken).WaitAsync(_glance, time, cancellationToken);
        }
        catch (Exception failure) when (failure is TimeoutException or StoreUnavailableException)
        {
            Log.NotYet(logger, key.User.Value, key.Server.Value);
        }
        catch (Exception defect) when (!cancellationToken.IsCancellationRequested)
        {
            // One credential's defect (a row written by a newer version, say) keeps nobody from recovering the others.
            Log.Defective(logger, key.User.Value, key.Server.Value, defect.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Open refresh intents could not be looked for: the database is not available")]
        public static partial void StoreUnavailable(ILogger logger);

        [LoggerMessage(Level = LogLevel.Error, Message = "Open refresh intents could not be looked for: {ExceptionType}")]
        public static partial void Failed(ILogger logger, string exceptionType);

        [LoggerMessage(Level = LogLevel.Error, Message = "The credential of user {User} at {Server} could not be recovered: {ExceptionType}")]
        public static partial void Defective(ILogger logger, long user, string server, string exceptionType);

        [LoggerMessage(Level = LogLevel.Debug, Message = "The credential of user {User} at {Server} is not resolved yet")]
        public static partial void NotYet(ILogger logger, long user, string server);
    }
}
