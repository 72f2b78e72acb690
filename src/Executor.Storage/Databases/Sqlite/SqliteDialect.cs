using System.Text.Json;

namespace Executor.Storage.Databases.Sqlite;

internal sealed class SqliteDialect : Dialect
{
    public override string Now => "@Now";

    public override string IsReadOnly => "0";

    // One writer: a transaction has everything to itself.
    public override string ForUpdate => "";

    public override string ForUpdateSkipLocked => "";

    public override string DrawGeneration => "UPDATE generations SET last = last + 1 RETURNING last AS drawn;";

    public override string? EnterOpenerGate => null;

    public override string? CloseOpenerGate => null;

    public override string Hex(string column, int from, int length) => $"lower(hex(substr({column}, {from}, {length})))";

    public override bool HasLateral => false;

    public override bool HasBulkWrites => false;

    public override string In(string column, string parameter) => $"{column} IN (SELECT value FROM json_each({parameter}))";

    public override object List(IEnumerable<string> values) => JsonSerializer.Serialize(values, SqliteJson.Default.IEnumerableString);

    public override object List(IEnumerable<long> values) => JsonSerializer.Serialize(values, SqliteJson.Default.IEnumerableInt64);
}

[System.Text.Json.Serialization.JsonSerializable(typeof(IEnumerable<string>))]
[System.Text.Json.Serialization.JsonSerializable(typeof(IEnumerable<long>))]
internal sealed partial class SqliteJson : System.Text.Json.Serialization.JsonSerializerContext;
