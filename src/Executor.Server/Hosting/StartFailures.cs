using System.Net.Sockets;
using Executor.Server.Configuration;
using Executor.Server.Logging;
using Executor.Storage;
using Microsoft.AspNetCore.Connections;

namespace Executor.Server.Hosting;

/// <summary>Why a node does not start, in an operator's words: what, where, and what to do. No stack and no secret.</summary>
internal static class StartFailures
{
    private const int MaxMessage = 400;

    public static string Explain(Exception failure, ServerSettings? settings, bool hasStarted) => failure switch
    {
        _ when hasStarted => Unexpected("The node has failed", failure),
        ConfigurationException => failure.Message,
        StorageStartException or StoreUnavailableException => $"The node cannot start. {failure.Message}",
        OperationCanceledException => "The node was stopped before it had started.",
        _ => OfTheListener(Root(failure), settings) is { } words ? $"The node cannot start. {words}" : Unexpected("The node cannot start", failure),
    };

    private static string? OfTheListener(Exception cause, ServerSettings? settings)
    {
        var (port, host) = (Settings.HttpPort.Name, Settings.HttpHost.Name);
        var where = $"{(settings is { IsHttpLocal: true } ? "localhost" : settings?.HttpHost?.ToString() ?? "*")}:{settings?.HttpPort}";
        return cause switch
        {
            AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } =>
                $"{port}: {where} is in use by another process. Stop that one, or set another {port}.",
            SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
                $"{host}: {where} is not an address of this machine.",
            SocketException { SocketErrorCode: SocketError.AccessDenied } =>
                $"{port}: this user may not listen at {where}. Ports below 1024 are mostly kept for the administrator: set another {port}.",
            SocketException { SocketErrorCode: SocketError.AddressFamilyNotSupported } =>
                $"{host}: this machine does not have the kind of address that {where} is.",
            _ => null,
        };
    }

    private static string Unexpected(string what, Exception failure)
    {
        var text = new System.Text.StringBuilder($"{what}: {failure.GetType().Name}: ");
        text.AppendEscaped(failure.Message.Length <= MaxMessage ? failure.Message : failure.Message[..MaxMessage] + "…");
        text.Append($" ({Settings.LogLevel.Name}=Debug shows where.)");
        return text.ToString();
    }

    private static Exception Root(Exception failure) => failure is { InnerException: { } inner } and not AddressInUseException
        ? Root(inner)
        : failure;
}
