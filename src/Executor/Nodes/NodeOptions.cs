namespace Executor.Nodes;

public sealed class NodeOptions
{
    /// <summary>The name this node goes by; an incarnation tells its lives apart.</summary>
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>How long a node must be seen still before it is suspected, and its lock free before it is gone. Default 10 s.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);
}
