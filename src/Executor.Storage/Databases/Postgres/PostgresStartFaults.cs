using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace Executor.Storage.Databases.Postgres;

/// <summary>
/// Why a node cannot begin with a server, for an operator: which server, what it says, what to do. A row a fact; the codes are
/// PostgreSQL's («Error Codes»). Passwords are in none of them, and neither are the server's own texts.
/// </summary>
internal static class PostgresStartFaults
{
    public static StoreUnavailableException Explain(Exception fault, PostgresSettings settings) =>
        new($"PostgreSQL at {settings.Address}: {Words(fault, settings)}");

    private static string Words(Exception fault, PostgresSettings settings) => fault switch
    {
        PostgresException refused => OfServer(refused.SqlState, settings),
        AggregateException several when several.InnerExceptions.Count > 0 => Words(several.InnerExceptions[0], settings),
        SocketException socket => OfSocket(socket.SocketErrorCode),
        AuthenticationException => "its TLS certificate is not trusted here, or is not for this host name. Give its authority as sslrootcert in "
            + "DATABASE_URL; DATABASE_SSL=require encrypts without looking at the certificate.",
        TimeoutException => "it does not answer in time. Does a firewall stand in between, are host and port right?",
        EndOfStreamException => "it hangs up at once. Is it a PostgreSQL that listens there?",
        NpgsqlException { InnerException: { } inner } => Words(inner, settings),
        NpgsqlException when fault.Message.Contains("SSL", StringComparison.Ordinal) =>
            "it speaks no TLS, and DATABASE_SSL asks for it. Switch TLS on there, or set DATABASE_SSL=false if nobody else is on the way.",
        NpgsqlException when fault.Message.Contains("suitable host", StringComparison.Ordinal) =>
            "none of these hosts takes writes (target_session_attrs).",
        IOException { InnerException: { } inner } => Words(inner, settings),
        _ => $"{PostgresFaults.Describe(fault)}. Is it a PostgreSQL that listens there, and does DATABASE_SSL say what it speaks?",
    };

    private static string OfServer(string state, PostgresSettings settings) => state switch
    {
        PostgresErrorCodes.InvalidPassword =>
            $"it refuses the password of the user '{settings.User}' ({state}). Look at DATABASE_URL or DATABASE_PASSWORD.",
        PostgresErrorCodes.InvalidAuthorizationSpecification =>
            $"it does not let the user '{settings.User}' into '{settings.DatabaseName}' in this way ({state}). Does the user exist, does pg_hba.conf "
            + "have a line for it, and does that ask for TLS where DATABASE_SSL has none, or the other way round?",
        PostgresErrorCodes.InvalidCatalogName =>
            $"it has no database '{settings.DatabaseName}' ({state}). Create it (createdb), or name another in DATABASE_URL or DATABASE_NAME.",
        PostgresErrorCodes.InsufficientPrivilege =>
            $"the user '{settings.User}' lacks the right to connect, or to create the schema {settings.QuotedSchema} and its tables ({state}). Grant it.",
        PostgresErrorCodes.TooManyConnections =>
            $"it has no connection left ({state}). A node needs up to 38: raise max_connections, or lower Maximum Pool Size in DATABASE_URL.",
        PostgresErrorCodes.CannotConnectNow => $"it is starting or stopping ({state}). Try again in a moment.",
        PostgresErrorCodes.ReadOnlySqlTransaction => $"it is read-only, perhaps a standby ({state}). Name the primary.",
        PostgresErrorCodes.DiskFull => $"its disk is full ({state}).",
        _ => $"it refuses ({state}).",
    };

    private static string OfSocket(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "nothing listens there. Is the server running, are host and port right?",
        SocketError.HostNotFound or SocketError.NoData => "there is no such host name. Look at DATABASE_URL or DATABASE_HOST.",
        SocketError.TryAgain => "the host name cannot be looked up just now: the name server does not answer.",
        SocketError.TimedOut => "it does not answer in time. Does a firewall stand in between, are host and port right?",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "there is no way to this host from here.",
        SocketError.AddressNotAvailable => "there is no such socket. Is the server running, is its directory right?",
        SocketError.AccessDenied => "this user may not use the socket.",
        _ => $"it cannot be reached ({error}).",
    };
}
