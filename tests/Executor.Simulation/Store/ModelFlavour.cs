namespace Executor.Simulation.Store;

/// <summary>Where the two databases differ in what they promise.</summary>
internal enum ModelFlavour
{
    /// <summary>Any number of nodes; liveness locks of sessions; a sequence, which no failure takes back.</summary>
    Postgres,

    /// <summary>One node, the holder of the file; a start knows that every earlier one is gone.</summary>
    Sqlite,
}
