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

    public static string Enter(string now) =>
        $"INSERT INTO node_incarnations (incarnation, name, gone, entered_at) VALUES (@Incarnation, @Name, 0, {now});\n";
}
