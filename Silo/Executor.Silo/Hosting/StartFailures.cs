using Npgsql;

namespace Executor.Silo.Hosting;

/// <summary>What keeps a silo from starting, in an operator's words.</summary>
internal static class StartFailures
{
    /// <returns>Null for what is a defect.</returns>
    public static string? Explain(Exception? failure) => failure switch
    {
        null => null,
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction } =>
            "The silo cannot start: the database has no tables for the cluster's membership. Run Orleans' scripts in DATABASE_SCHEMA first (Silo/README.md).",
        Orleans.Runtime.MembershipService.OrleansClusterConnectivityCheckFailedException =>
            "The silo cannot start: it cannot exchange messages with the silos that the membership table calls active. Do all of the cluster speak TLS, or none?",
        AggregateException many => many.InnerExceptions.Select(Explain).FirstOrDefault(words => words is not null),
        _ => Explain(failure.InnerException),
    };
}
