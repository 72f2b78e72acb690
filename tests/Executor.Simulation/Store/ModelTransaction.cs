namespace Executor.Simulation.Store;

/// <summary>What a write has done so far; nothing of it counts before the commit.</summary>
internal sealed class ModelTransaction(ModelDatabase database, ModelTables tables)
{
    public ModelTables Tables { get; set; } = tables;

    public DateTimeOffset Now { get; } = database.Now;

    public long DrawGeneration() => database.DrawGeneration(this);
}
