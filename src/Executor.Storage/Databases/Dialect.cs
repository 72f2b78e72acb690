namespace Executor.Storage.Databases;

/// <summary>The few words in which the two databases differ. Everything else is written once.</summary>
internal abstract class Dialect
{
    /// <summary>The database's clock as Unix milliseconds; may refer to the parameter <c>@Now</c>, which every statement gets.</summary>
    public abstract string Now { get; }

    /// <summary>1 where a transaction that begins now may not write.</summary>
    public abstract string IsReadOnly { get; }

    public abstract string ForUpdate { get; }

    /// <summary>Locks the rows of a subquery, leaving out those that somebody else is changing.</summary>
    public abstract string ForUpdateSkipLocked { get; }

    /// <summary>A statement that answers the next generation as <c>drawn</c>.</summary>
    public abstract string DrawGeneration { get; }

    /// <summary>A statement with one result that lets <c>@Opener</c> open intents until the transaction ends; null where transactions are serial anyway.</summary>
    public abstract string? EnterOpenerGate { get; }

    /// <summary>The counterpart, which waits for the openers.</summary>
    public abstract string? CloseOpenerGate { get; }

    /// <summary>Some bytes of a column, counted from 1, as lower-case hex.</summary>
    public abstract string Hex(string column, int from, int length);

    /// <summary>Whether a subquery may refer to the row beside it (<c>LATERAL</c>).</summary>
    public abstract bool HasLateral { get; }

    /// <summary>Whether one statement can change many rows of two tables, each in its own way (arrays, writes in <c>WITH</c>).</summary>
    public abstract bool HasBulkWrites { get; }

    /// <summary>A condition; its parameter comes from <see cref="List(IEnumerable{string})"/>.</summary>
    public abstract string In(string column, string parameter);

    public abstract object List(IEnumerable<string> values);

    public abstract object List(IEnumerable<long> values);
}
