using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Executor.Credentials;

public sealed class CredentialOptions
{
    /// <summary>How long a caller waits for a token before it is told to come back. Default 30 s.</summary>
    public TimeSpan CallerWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a caller waits for a refresh while its token is about to expire. With more than a quarter of
    /// <see cref="ExpirySkew"/> left it does not wait at all: the refresh goes on without it. Default 5 s.
    /// </summary>
    public TimeSpan CallerWaitWithToken { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a sender listens for the answer, counted from before its intent's commit. Default 120 s.</summary>
    public TimeSpan RedemptionDeadline { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>How much longer than the deadline everyone but the sender waits. Default 10 s.</summary>
    public TimeSpan ObserverMargin { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long before its expiry an access token is refreshed at the latest (at most a quarter of its lifetime). Most are refreshed
    /// earlier: what was minted together is spread over a fifth of the lifetime. Default 60 s.
    /// </summary>
    public TimeSpan ExpirySkew { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How old a token has to be before its refusal by an MCP server counts: a clock may be behind, or a replica. A younger one is tried
    /// once more at that age. Default 5 s.
    /// </summary>
    public TimeSpan YoungToken { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The lifetime of an access token whose provider names none. Default 1 h.</summary>
    public TimeSpan DefaultTokenLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The longest lifetime that is believed. Default 30 days.</summary>
    public TimeSpan MaxTokenLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>For how long a node hands out a cached token without looking at the store again. Default 5 s.</summary>
    public TimeSpan Revalidation { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often open intents that nobody works on are looked for. Default 5 s.</summary>
    public TimeSpan RecoveryInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After which an unused owner leaves memory. Default 5 min.</summary>
    public TimeSpan OwnerIdle { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Redemptions that this node has in flight at one OAuth server; one user may have a quarter of them. Default 32.</summary>
    [Range(1, int.MaxValue)]
    public int RefreshesPerServer { get; set; } = 32;

    /// <summary>Redemptions a second that this node sends to one OAuth server, after a burst of as many. Default 100.</summary>
    [Range(1, int.MaxValue)]
    public int RefreshRatePerServer { get; set; } = 100;

    /// <summary>Credentials that one user may have. Default 1,000.</summary>
    public int MaxPerUser { get; set; } = 1000;
}

[OptionsValidator]
internal sealed partial class CredentialOptionsValidator : IValidateOptions<CredentialOptions>;
