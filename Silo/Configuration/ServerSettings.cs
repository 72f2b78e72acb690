using System.Net;
using Executor.Http.Authentication;
using Executor.Security;
using Executor.Servers;
using Executor.Storage;

namespace Executor.Silo.Configuration;

/// <summary>A whole, valid configuration.</summary>
internal sealed record ServerSettings
{
    public required AuthenticationSettings Authentication { get; init; }

    public required Keyring Keyring { get; init; }

    public required bool ReplacesLostKey { get; init; }

    public required IMcpServerCatalog Servers { get; init; }

    public required StorageProvider Storage { get; init; }

    /// <summary>How this silo meets the others; null where it is alone.</summary>
    public required SiloSettings? Silo { get; init; }

    public required string NodeName { get; init; }

    public required TimeSpan TokenLifetime { get; init; }

    /// <summary>Null for every address of the machine.</summary>
    public required IPAddress? HttpHost { get; init; }

    /// <summary>Both loopback addresses, instead of <see cref="HttpHost"/>.</summary>
    public required bool IsHttpLocal { get; init; }

    public required int HttpPort { get; init; }

    public required TimeSpan StepTimeout { get; init; }

    public required TimeSpan StopTimeout { get; init; }

    public required int RunRetentionDays { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required LogFormat LogFormat { get; init; }

    public required bool IsDevelopment { get; init; }

    /// <summary>Whether MCP and OAuth servers are told the trace that a request belongs to.</summary>
    public required bool SendTraceparent { get; init; }

    public required Uri? OtlpEndpoint { get; init; }

    /// <summary>What was set and has no effect, or hardly was meant; to be logged.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

internal enum LogFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One object a line, for collectors.</summary>
    Json,
}
