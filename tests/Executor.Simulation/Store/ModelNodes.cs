using Executor.Nodes;
using Executor.Runs;

namespace Executor.Simulation.Store;

/// <summary>What both registries write.</summary>
internal static class ModelNodes
{
    public static void Enter(ModelTransaction transaction, NodeRef node)
    {
        Forget(transaction);
        transaction.Tables = transaction.Tables.With(new StoredNode(node, Heartbeat: 0, IsGone: false));
    }

    public static void MarkAllGone(ModelTransaction transaction)
    {
        foreach (var node in transaction.Tables.Nodes.Values.Where(node => !node.IsGone))
            transaction.Tables = transaction.Tables.With(node with { IsGone = true });
    }

    public static bool MarkGone(ModelTransaction transaction, NodeRef node)
    {
        if (transaction.Tables.Nodes.TryGetValue(node.Incarnation, out var stored))
            transaction.Tables = transaction.Tables.With(stored with { IsGone = true });
        return true;
    }

    /// <summary>Gone, and nothing refers to it any more. From then on a missing incarnation is a gone one.</summary>
    private static void Forget(ModelTransaction transaction)
    {
        var tables = transaction.Tables;
        var gone = tables.Nodes.Values.Where(node => node.IsGone).Select(node => node.Node.Incarnation).ToHashSet();
        if (gone.Count == 0)
            return;
        gone.ExceptWith(tables.Credentials.Values.SelectMany(credential => credential.Intents).Select(intent => intent.Owner.Incarnation));
        gone.ExceptWith(tables.Runs.Values
            .Where(run => run.Row.Status == RunStatus.Running)
            .Select(run => run.Row.Owner!.Value.Incarnation));
        transaction.Tables = tables with { Nodes = tables.Nodes.RemoveRange(gone) };
    }
}
