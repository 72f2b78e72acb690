using Executor.Credentials;
using Executor.Identity;
using Executor.Storage.Databases;

namespace Executor.Storage.Credentials;

/// <summary>A credential's row as the table has it. Not a record: nothing prints it.</summary>
internal sealed class CredentialRecord
{
    public long UserId { get; init; }

    public string McpServerId { get; init; } = "";

    public long Generation { get; init; }

    public string State { get; init; } = "";

    public string Reason { get; init; } = "";

    public byte[]? RefreshToken { get; init; }

    public byte[]? KeptRefreshToken { get; init; }

    public int TryKept { get; init; }

    public byte[]? AccessToken { get; init; }

    public long? AccessTokenExpiresAt { get; init; }

    public long? RefreshAt { get; init; }

    public string? TokenEndpoint { get; init; }

    public string? ClientId { get; init; }

    public byte[]? ClientSecret { get; init; }

    public long? ClientSecretExpiresAt { get; init; }

    public string? AuthMethod { get; init; }

    public string? Scopes { get; init; }

    public byte[]? Lineage { get; init; }

    public string? IntentId { get; init; }

    public string? MintedBy { get; init; }

    public long? RetryAt { get; init; }

    public int Failures { get; init; }

    public long? MintedAt { get; init; }

    public long? ConfirmingSince { get; init; }

    public long? ConfirmingGeneration { get; init; }

    public int RefusalRedemptions { get; init; }

    public int RefusalPauses { get; init; }

    public long? RefusalCountedAt { get; init; }

    public long? RefusedSince { get; init; }

    public long? RefusedUntil { get; init; }

    public string? Prober { get; init; }

    public long? ProbeDeadline { get; init; }

    public int ProbeHasRedeemed { get; init; }

    public long RefusalEpisode { get; init; }

    public string? WaitsFor { get; init; }

    public string? RepeatedMark { get; init; }

    public long? RepeatedGeneration { get; init; }

    public int RepeatedCount { get; init; }

    public long? RepeatedSince { get; init; }

    public long Version { get; init; }

    /// <summary>The database's clock, where a query asks for it.</summary>
    public long Now { get; init; }

    public static CredentialRecord From(CredentialRow row) => new()
    {
        UserId = row.Key.User.Value,
        McpServerId = row.Key.Server.Value,
        Generation = row.Generation.Value,
        State = CredentialWords.State.Of(row.State),
        Reason = CredentialWords.Reason.Of(row.Reason),
        RefreshToken = row.RefreshToken,
        KeptRefreshToken = row.KeptRefreshToken,
        TryKept = row.TryKept ? 1 : 0,
        AccessToken = row.AccessToken,
        AccessTokenExpiresAt = UnixTime.Of(row.AccessTokenExpiresAt),
        RefreshAt = UnixTime.Of(row.RefreshAt),
        TokenEndpoint = row.Client?.TokenEndpoint,
        ClientId = row.Client?.ClientId,
        ClientSecret = row.Client?.ClientSecret,
        ClientSecretExpiresAt = UnixTime.Of(row.Client?.ClientSecretExpiresAt),
        AuthMethod = row.Client is { } client ? CredentialWords.AuthMethod.Of(client.AuthMethod) : null,
        Scopes = row.Client?.Scopes,
        Lineage = row.Lineage,
        IntentId = row.Intent?.Value.ToString("D"),
        MintedBy = row.MintedBy?.Value.ToString("D"),
        RetryAt = UnixTime.Of(row.RetryAt),
        Failures = row.Failures,
        MintedAt = UnixTime.Of(row.MintedAt),
        ConfirmingSince = UnixTime.Of(row.ConfirmingSince),
        ConfirmingGeneration = row.ConfirmingSince is null ? null : row.Generation.Value,
        RefusalRedemptions = row.Refusal.Redemptions,
        RefusalPauses = row.Refusal.Pauses,
        RefusalCountedAt = UnixTime.Of(row.Refusal.CountedAt),
        RefusedSince = UnixTime.Of(row.Refusal.Since),
        RefusedUntil = UnixTime.Of(row.Refusal.Until),
        Prober = row.Refusal.Prober?.Value.ToString("D"),
        ProbeDeadline = UnixTime.Of(row.Refusal.ProbeDeadline),
        ProbeHasRedeemed = row.Refusal.ProbeHasRedeemed ? 1 : 0,
        RefusalEpisode = row.Refusal.Episode,
        WaitsFor = row.WaitsFor?.Word,
        RepeatedMark = row.Repeated?.Mark.Value,
        RepeatedGeneration = row.Repeated?.Generation.Value,
        RepeatedCount = row.Repeated?.Count ?? 0,
        RepeatedSince = UnixTime.Of(row.Repeated?.Since),
        Version = row.Version,
    };

    public SqlArguments ToArguments() => new SqlArguments()
        .With("UserId", UserId)
        .With("McpServerId", McpServerId)
        .With("Generation", Generation)
        .With("State", State)
        .With("Reason", Reason)
        .With("RefreshToken", RefreshToken)
        .With("KeptRefreshToken", KeptRefreshToken)
        .With("TryKept", TryKept)
        .With("AccessToken", AccessToken)
        .With("AccessTokenExpiresAt", AccessTokenExpiresAt)
        .With("RefreshAt", RefreshAt)
        .With("TokenEndpoint", TokenEndpoint)
        .With("ClientId", ClientId)
        .With("ClientSecret", ClientSecret)
        .With("ClientSecretExpiresAt", ClientSecretExpiresAt)
        .With("AuthMethod", AuthMethod)
        .With("Scopes", Scopes)
        .With("Lineage", Lineage)
        .With("IntentId", IntentId)
        .With("MintedBy", MintedBy)
        .With("RetryAt", RetryAt)
        .With("Failures", Failures)
        .With("MintedAt", MintedAt)
        .With("ConfirmingSince", ConfirmingSince)
        .With("ConfirmingGeneration", ConfirmingGeneration)
        .With("RefusalRedemptions", RefusalRedemptions)
        .With("RefusalPauses", RefusalPauses)
        .With("RefusalCountedAt", RefusalCountedAt)
        .With("RefusedSince", RefusedSince)
        .With("RefusedUntil", RefusedUntil)
        .With("Prober", Prober)
        .With("ProbeDeadline", ProbeDeadline)
        .With("ProbeHasRedeemed", ProbeHasRedeemed)
        .With("RefusalEpisode", RefusalEpisode)
        .With("WaitsFor", WaitsFor)
        .With("RepeatedMark", RepeatedMark)
        .With("RepeatedGeneration", RepeatedGeneration)
        .With("RepeatedCount", RepeatedCount)
        .With("RepeatedSince", RepeatedSince)
        .With("Version", Version);

    public CredentialRow ToRow() => new()
    {
        Key = new CredentialKey(Executor.Identity.UserId.From(UserId), Executor.Identity.McpServerId.From(McpServerId)),
        Generation = new Generation(Generation),
        State = CredentialWords.State.Parse(State),
        Reason = CredentialWords.Reason.Parse(Reason),
        RefreshToken = RefreshToken,
        KeptRefreshToken = KeptRefreshToken,
        TryKept = TryKept != 0,
        AccessToken = AccessToken,
        AccessTokenExpiresAt = UnixTime.From(AccessTokenExpiresAt),
        RefreshAt = UnixTime.From(RefreshAt),
        Client = TokenEndpoint is null ? null : new ClientRegistration(
            TokenEndpoint,
            ClientId,
            ClientSecret,
            UnixTime.From(ClientSecretExpiresAt),
            CredentialWords.AuthMethod.Parse(AuthMethod!),
            Scopes),
        Lineage = Lineage,
        Intent = ToIntentId(IntentId),
        MintedBy = ToIntentId(MintedBy),
        RetryAt = UnixTime.From(RetryAt),
        Failures = Failures,
        MintedAt = UnixTime.From(MintedAt),
        ConfirmingSince = ConfirmingGeneration == Generation ? UnixTime.From(ConfirmingSince) : null,
        Refusal = new TokenRefusal
        {
            Redemptions = RefusalRedemptions,
            Pauses = RefusalPauses,
            CountedAt = UnixTime.From(RefusalCountedAt),
            Since = UnixTime.From(RefusedSince),
            Until = UnixTime.From(RefusedUntil),
            Prober = Prober is null ? null : new ProbeId(Guid.ParseExact(Prober, "D")),
            ProbeDeadline = UnixTime.From(ProbeDeadline),
            ProbeHasRedeemed = ProbeHasRedeemed != 0,
            Episode = RefusalEpisode,
        },
        WaitsFor = WaitsFor is null ? null : new BlockedReason(WaitsFor),
        Repeated = RepeatedMark is null ? null : new RepeatedRefusal(
            new RefusalMark(RepeatedMark), new Generation(RepeatedGeneration ?? 0), RepeatedCount, UnixTime.From(RepeatedSince ?? 0)),
        Version = Version,
    };

    private static IntentId? ToIntentId(string? text) =>
        text is null ? null : new IntentId(Guid.ParseExact(text, "D"));
}
