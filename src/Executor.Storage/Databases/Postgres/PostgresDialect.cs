namespace Executor.Storage.Databases.Postgres;

/// <param name="serverClock">Whether the server's own clock is asked, rather than the parameter <c>@Now</c>.</param>
internal sealed class PostgresDialect(bool serverClock) : Dialect
{
    // Not now(): that one stands still from the transaction's beginning, and a lock may have been waited for since.
    public override string Now { get; } = serverClock ? "(extract(epoch FROM clock_timestamp()) * 1000)::bigint" : "@Now";

    public override string IsReadOnly => "CASE current_setting('transaction_read_only') WHEN 'on' THEN 1 ELSE 0 END";

    public override string ForUpdate => " FOR UPDATE";

    public override string ForUpdateSkipLocked => " FOR UPDATE SKIP LOCKED";

    public override string DrawGeneration => "SELECT nextval('generations') AS drawn;";

    // One 64-bit key, the incarnation; liveness locks have two 32-bit keys, which PostgreSQL keeps apart.
    public override string? EnterOpenerGate => "SELECT 1 FROM pg_advisory_xact_lock_shared(@Opener);";

    public override string? CloseOpenerGate => "SELECT 1 FROM pg_advisory_xact_lock(@Incarnation);";

    public override string Hex(string column, int from, int length) => $"encode(substring({column} from {from} for {length}), 'hex')";

    public override bool HasLateral => true;

    public override bool HasBulkWrites => true;

    public override string In(string column, string parameter) => $"{column} = ANY ({parameter})";

    public override object List(IEnumerable<string> values) => values.ToArray();

    public override object List(IEnumerable<long> values) => values.ToArray();
}
