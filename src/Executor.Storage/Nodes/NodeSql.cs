namespace Executor.Storage.Nodes;

internal static class NodeSql
{
    /// <summary>Gone, and nothing refers to it any more. From then on a missing incarnation is a gone one.</summary>
    public const string Forget =
        "DELETE FROM node_incarnations WHERE gone = 1 "
        + "AND NOT EXISTS (SELECT 1 FROM refresh_intents i WHERE i.owner_incarnation = node_incarnations.incarnation) "
        + "AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.status = 'running' AND r.owner_incarnation = node_incarnations.incarnation);\n";

    public const string MarkAllGone = "UPDATE node_incarnations SET gone = 1 WHERE gone = 0;\n";

    public const string MarkGone = "UPDATE node_incarnations SET gone = 1 WHERE incarnation = @Incarnation;\n";

    public const string IsPresent = "SELECT count(*) FROM node_incarnations WHERE incarnation = @Incarnation AND gone = 0;\n";

    /// <summary>Answers how often nodes have entered.</summary>
    public const string Count = "UPDATE database_identity SET entries = entries + 1 RETURNING entries;\n";

    /// <summary>PostgreSQL: the incarnations that are not gone and whose liveness lock somebody holds.</summary>
    public const string Living =
        "SELECT n.name, n.key_ids FROM node_incarnations n WHERE n.gone = 0 AND EXISTS (SELECT 1 FROM pg_locks l "
        + "WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted "
        + "AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) "
        + "AND l.classid = (n.incarnation >> 32)::oid AND l.objid = (n.incarnation & 4294967295)::oid) ORDER BY n.name, n.incarnation;";

    public static string Enter(string now) =>
        $"INSERT INTO node_incarnations (incarnation, name, gone, entered_at, key_ids) VALUES (@Incarnation, @Name, 0, {now}, @KeyIds);\n";
}
