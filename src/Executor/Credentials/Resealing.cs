using Executor.Security;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Executor.Credentials;

/// <summary>
/// Seals with the current key what retired ones have sealed, so that these can be dropped. Tokens get there by themselves, with each
/// refresh. A client's secret, or a credential that nobody uses, does not. Small pages, one row a transaction: nobody waits for it.
/// </summary>
internal sealed partial class Resealing(
    ICredentialSeals seals, CredentialVault vault, Keyring keyring, TimeProvider time, ILogger<Resealing> logger) : BackgroundService
{
    private const int PageSize = 100;

    // Other nodes may go on sealing with a key that is retired here until they have been restarted.
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _interval = TimeSpan.FromHours(1);

    /// <summary>One pass over everything.</summary>
    internal async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (keyring.CurrentId is not { } current)
            return;
        var resealed = 0;
        CredentialKey? after = null;
        IReadOnlyList<CredentialRow> page;
        do
        {
            page = await seals.FindOthersAsync(current, after, PageSize, cancellationToken);
            foreach (var row in page)
            {
                // What needs a key that is not there, or is damaged, stays as it is.
                var sealing = vault.Reseal(row);
                if (sealing != row && await seals.ReplaceAsync(sealing, cancellationToken))
                    resealed++;
                after = row.Key;
            }
        }
        while (page.Count == PageSize);
        if (resealed > 0)
            Log.Resealed(logger, resealed, current);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (keyring.Checks.Count < 2)
            return; // nothing is retired
        for (var wait = _first; ; wait = _interval)
        {
            await Task.Delay(wait, time, stoppingToken);
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, failure.GetType().Name); // it would end the whole process, and the next pass may fare better
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Credentials} credentials were sealed anew, with the current key ({KeyId})")]
        public static partial void Resealed(ILogger logger, int credentials, KeyId keyId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Not all credentials could be sealed anew ({ExceptionType}); it is tried again")]
        public static partial void Failed(ILogger logger, string exceptionType);
    }
}
