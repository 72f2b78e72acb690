using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Executor.Http.Credentials;

/// <summary>The wire form of a deposit, as described in the API description. It is read by <see cref="DepositReader"/>.</summary>
internal sealed record DepositBody(
    [property: MaxLength(255)] string McpServerId,
    [property: MaxLength(DepositReader.MaxTokenLength)] string RefreshToken,
    [property: MaxLength(2048)] string TokenEndpoint)
{
    [MaxLength(255)]
    public string? ClientId { get; init; }

    [MaxLength(DepositReader.MaxTokenLength)]
    public string? ClientSecret { get; init; }

    public DateTimeOffset? ClientSecretExpiresAt { get; init; }

    public AuthMethodName? TokenEndpointAuthMethod { get; init; }

    [MaxLength(2048)]
    public string? Scopes { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<AuthMethodName>))]
internal enum AuthMethodName
{
    [JsonStringEnumMemberName("client_secret_basic")]
    Basic,

    [JsonStringEnumMemberName("client_secret_post")]
    Post,

    [JsonStringEnumMemberName("none")]
    None,
}

internal sealed record StoredBody(bool Stored);
