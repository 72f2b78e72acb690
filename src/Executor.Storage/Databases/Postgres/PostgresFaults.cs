using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace Executor.Storage.Databases.Postgres;

internal static class PostgresFaults
{
    /// <summary>The server undid the transaction because of others; it may succeed when run again.</summary>
    public static bool IsConflict(Exception fault) =>
        fault is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };

    /// <summary>
    /// The connection is gone, not merely the statement. A server may end all sessions at once. The driver may then hand out a connection
    /// that it is taking down at that moment. Its parts are disposed, though nobody disposed it here.
    /// </summary>
    public static bool IsConnectionLoss(Exception fault) => fault switch
    {
        PostgresException refused => refused.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            || refused.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException { InnerException: TimeoutException } => false,
        NpgsqlException or IOException or SocketException or ObjectDisposedException => true,
        _ => IsOutOfStep(fault),
    };

    /// <summary>Faults of the server or the way to it, as opposed to a statement that was refused.</summary>
    public static bool IsUnavailable(Exception fault) => fault switch
    {
        PostgresException refused => IsUnavailable(refused.SqlState),
        NpgsqlException or IOException or SocketException or ObjectDisposedException or TimeoutException => true,
        _ => IsOutOfStep(fault),
    };

    /// <summary>As a caller may see it: without host, statement or value.</summary>
    public static StoreUnavailableException Unavailable(Exception fault) => new($"The database is not available ({Describe(fault)}).");

    public static string Describe(Exception fault) => fault switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            "28000: the server does not let this role in this way, encrypted or not",
        PostgresException refused => refused.SqlState,
        { InnerException: AuthenticationException } => "the server's TLS certificate is not trusted, or not for this host",
        _ => fault.GetType().Name,
    };

    /// <summary>
    /// The driver met a message that it did not expect and gives the connection up, with a bare <see cref="Exception"/>. Seen on the
    /// first use of a connection after the server had refused statements on it (a database that was read-only for a while).
    /// </summary>
    private static bool IsOutOfStep(Exception fault) =>
        fault.GetType() == typeof(Exception) && string.Equals(fault.Source, "Npgsql", StringComparison.Ordinal);

    // Connection, authorisation, transaction rollback, read-only (a standby), resources, intervention, locks and system errors.
    private static bool IsUnavailable(string state) =>
        state is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.LockNotAvailable or IdleInTransactionTimeout
        || state[..2] is "08" or "28" or "3D" or "40" or "53" or "57" or "58";

    private const string IdleInTransactionTimeout = "25P03";
}
