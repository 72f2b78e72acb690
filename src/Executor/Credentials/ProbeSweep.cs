using Executor.Credentials.Transitions;
using Microsoft.Extensions.Logging;

namespace Executor.Credentials;

/// <summary>
/// Tokens were refused, the pause is over, and nobody asks for one. Then one of the runs that wait for it wakes and tries: its own step
/// is the probe.
/// </summary>
internal sealed partial class ProbeSweep(ICredentialStore store, Random random, ILogger<ProbeSweep> logger)
{
    private const int MaxAtOnce = 50;

    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, run) in await store.FindProbesAsync(MaxAtOnce, cancellationToken))
        {
            var take = new TakeProbe(new ProbeId(run), new RefusalRules(random.NextDouble())) { WakesRun = run };
            try
            {
                await store.ChangeAsync(key, new CredentialChangeOptions(), take.Decide, cancellationToken);
            }
            catch (Exception defect) when (defect is not StoreUnavailableException && !cancellationToken.IsCancellationRequested)
            {
                // One credential's defect (a row written by a newer version, say) keeps nobody from trying the others.
                Log.Defective(logger, key.User.Value, key.Server.Value, defect.GetType().Name);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The refused token of user {User} at {Server} could not be tried: {ExceptionType}")]
        public static partial void Defective(ILogger logger, long user, string server, string exceptionType);
    }
}
