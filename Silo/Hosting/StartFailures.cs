using Executor.Silo.Configuration;
using Executor.Silo.Telemetry;
using Executor.Storage;

namespace Executor.Silo.Hosting;

/// <summary>Why a node does not start, in an operator's words: what, where, and what to do. No stack and no secret.</summary>
internal static class StartFailures
{
    private const int MaxMessage = 400;

    public static string Explain(Exception failure, bool hasStarted) => failure switch
    {
        _ when hasStarted => Unexpected("The node has failed", failure),
        ConfigurationException => failure.Message,
        StorageStartException or StoreUnavailableException or PortException => $"The node cannot start. {failure.Message}",
        OperationCanceledException => "The node was stopped before it had started.",
        _ when IsUnheard(failure) =>
            "The node cannot start: it cannot exchange messages with the silos that the cluster calls active. Do they reach each other at SILO_ADDRESS "
            + "and SILO_PORT, and have they the same encryption key, or certificates of the same authority?",
        _ => Unexpected("The node cannot start", failure),
    };

    private static bool IsUnheard(Exception? failure) => failure switch
    {
        null => false,
        Orleans.Runtime.MembershipService.OrleansClusterConnectivityCheckFailedException => true,
        AggregateException many => many.InnerExceptions.Any(IsUnheard),
        _ => IsUnheard(failure.InnerException),
    };

    private static string Unexpected(string what, Exception failure)
    {
        var text = new System.Text.StringBuilder($"{what}: {failure.GetType().Name}: ");
        text.AppendEscaped(failure.Message.Length <= MaxMessage ? failure.Message : failure.Message[..MaxMessage] + "…");
        text.Append($" ({Settings.LogLevel.Name}=Debug shows where.)");
        return text.ToString();
    }
}
