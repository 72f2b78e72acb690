using Executor.Credentials.Owner;
using Executor.Credentials.Pacing;
using Executor.Credentials.Transitions;
using Executor.Nodes;
using Executor.Security.Endpoints;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Executor.Credentials.Refresh;

/// <summary>
/// Redeems under an open intent: sends, listens until the deadline, and settles the intent whatever came. Outlives whoever asked.
/// </summary>
internal sealed partial class Redeemer(
    ICredentialStore store,
    CredentialVault vault,
    TokenEndpointClient endpoint,
    EndpointGuard guard,
    IOptions<NodeOptions> node,
    IOptions<CredentialOptions> options,
    TimeProvider time,
    Random random,
    RefreshMetrics metrics,
    RefusedResources refusedResources,
    CredentialAlarms alarms,
    ILogger<Redeemer> logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);

    /// <summary>Short: what only this process holds is not to wait long once the database is back.</summary>
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    private readonly TokenEndpointOutages _outages = new(time, logger);

    /// <param name="openedAt">This node's monotonic clock, from before the intent's commit began.</param>
    /// <param name="redemption">Told of a success or a refusal before it is stored.</param>
    /// <param name="givingUp">Nobody is to listen any longer.</param>
    public async Task<SettleResult> RedeemAsync(
        CredentialKey key,
        OpenIntentResult.Opened opened,
        RefreshTarget target,
        long openedAt,
        Redemption redemption,
        CancellationToken givingUp)
    {
        var answer = await SendAsync(key, opened, target, openedAt, givingUp);
        if (answer is RefreshAnswer.Granted or RefreshAnswer.Refused)
            redemption.Answered();
        var result = await SettleAsync(key, opened.Intent, opened.Token, answer, target.Rules);
        metrics.Redeemed(answer, result, time.GetElapsedTime(openedAt));
        _outages.Heard(OAuthServer.Of(opened.Client.TokenEndpoint), answer);
        Report(key, opened.Intent.Generation, answer, result);
        return result;
    }

    /// <summary>Retries for as long as the process lives: the answer exists nowhere else, and no caller gets a token before its commit.</summary>
    public async Task<SettleResult> SettleAsync(
        CredentialKey key, RefreshIntent intent, RefreshToken redeemed, RefreshAnswer answer, ReplayRules rules)
    {
        var settle = new SettleIntent(
            intent,
            redeemed,
            answer,
            rules,
            new RetrySpacing(random.NextDouble()),
            new TokenLifetimes(options.Value, random.NextDouble()));
        var change = new CredentialChangeOptions(DrawsGeneration: answer is RefreshAnswer.Granted);
        for (var wait = FirstRetry; ; wait = Spans.Min(wait * 2, LongestRetry))
        {
            try
            {
                return await store.ChangeAsync(key, change, ledger => settle.Decide(ledger, vault), alarms.Changed, CancellationToken.None);
            }
            catch (Exception failure)
            {
                Log.SettleFailed(logger, wait == FirstRetry ? LogLevel.Error : LogLevel.Debug, key.User.Value, key.Server.Value, failure.GetType().Name);
                await Task.Delay(wait, time);
            }
        }
    }

    private async Task<RefreshAnswer> SendAsync(
        CredentialKey key, OpenIntentResult.Opened opened, RefreshTarget target, long openedAt, CancellationToken givingUp)
    {
        if (!guard.CheckUrl(opened.Client.TokenEndpoint, target.Allowlist).IsAllowed)
            return new RefreshAnswer.Refused(CredentialReason.EndpointRefused) { Told = BlockedReason.EndpointRefused };
        var left = target.Rules.Deadline - time.GetElapsedTime(openedAt);
        if (left <= TimeSpan.Zero)
            return new RefreshAnswer.GivenUp();
        var isRefused = target.Resource is not null && refusedResources.Contains(key, opened.Client);
        var resource = isRefused ? null : target.Resource;
        var grant = new RefreshGrant(new Uri(opened.Client.TokenEndpoint), opened.Token, opened.Client, opened.Secret, resource)
        {
            UserAgent = target.UserAgent,
        };
        var answer = await endpoint.SendAsync(grant, stop => MayWriteAsync(key, opened.Intent, openedAt, stop), left, givingUp);
        if (isRefused && answer is RefreshAnswer.Granted)
            refusedResources.Granted(key, opened.Client);
        return answer is RefreshAnswer.NotSpent { RefusesResource: true } refusal ? WithoutResource(key, grant, refusal) : answer;
    }

    /// <summary>
    /// What was refused is the resource, and so the next intent goes out without it, at once. Where none was sent, it is a refusal like any
    /// other.
    /// </summary>
    private RefreshAnswer.NotSpent WithoutResource(CredentialKey key, RefreshGrant grant, RefreshAnswer.NotSpent refusal)
    {
        if (grant.Resource is null)
            return refusal with { RefusesResource = false };
        if (refusedResources.Add(key, grant.Client))
            Log.ResourceRefused(logger, key.User.Value, key.Server.Value, refusal.Told ?? BlockedReason.Other);
        return refusal with { Told = null, Mark = null };
    }

    // The row is read again after connecting, and the clock last: a process that froze anywhere before here has lost its permit.
    private async Task<bool> MayWriteAsync(CredentialKey key, RefreshIntent intent, long openedAt, CancellationToken cancellationToken)
    {
        try
        {
            var current = (await store.ReadAsync(key, cancellationToken))?.Row;
            return current is { State: CredentialState.Refreshing }
                && current.Generation == intent.Generation
                && current.Intent == intent.Id
                && time.GetElapsedTime(openedAt) < node.Value.Lease / 3;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    private void Report(CredentialKey key, Generation generation, RefreshAnswer answer, SettleResult result)
    {
        if (answer.Told is { } told)
            alarms.Waits(key, generation, told);
        switch (answer)
        {
            case RefreshAnswer.Granted:
                Log.Refreshed(logger, key.User.Value, key.Server.Value, result);
                break;
            case RefreshAnswer.Refused refused:
                Log.Refused(logger, key.User.Value, key.Server.Value, refused.Reason);
                break;
            case RefreshAnswer.InDoubt doubt:
                Log.InDoubt(logger, key.User.Value, key.Server.Value, doubt.Answered);
                break;
            default:
                Log.NotSpent(logger, key.User.Value, key.Server.Value);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Refreshed the credential of user {User} at {Server}: {Result}")]
        public static partial void Refreshed(ILogger logger, long user, string server, SettleResult result);

        [LoggerMessage(Level = LogLevel.Information, Message = "The OAuth server refused the credential of user {User} at {Server}: {Reason}")]
        public static partial void Refused(ILogger logger, long user, string server, CredentialReason reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Nobody knows whether the refresh for user {User} at {Server} took place (answered: {Answered})")]
        public static partial void InDoubt(ILogger logger, long user, string server, bool answered);

        [LoggerMessage(Level = LogLevel.Debug, Message = "The refresh for user {User} at {Server} did not take place; the refresh token is untouched")]
        public static partial void NotSpent(ILogger logger, long user, string server);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The token endpoint of user {User} refuses the resource that is configured for {Server} ({Code}); it is sent none for a day")]
        public static partial void ResourceRefused(ILogger logger, long user, string server, BlockedReason code);

        [LoggerMessage(Message = "The outcome of a refresh for user {User} at {Server} could not be stored ({ExceptionType}); trying again")]
        public static partial void SettleFailed(ILogger logger, LogLevel level, long user, string server, string exceptionType);
    }
}
