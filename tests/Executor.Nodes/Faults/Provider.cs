using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Faults;

/// <summary>An OAuth server's behaviour, and the MCP server of the servers file whose replay policy fits it.</summary>
internal sealed record Provider(string Name, string Server, ProviderBehaviour Behaviour)
{
    public static IReadOnlyList<Provider> All { get; } =
    [
        new("strict", "strict", ProviderBehaviour.Strict),
        new("grace:60", "grace", ProviderBehaviour.Grace(60)),
        new("acknowledge-on-use", "grace", ProviderBehaviour.AcknowledgeOnUse),
        new("no-rotation", "no-rotation", ProviderBehaviour.NoRotation),
    ];

    public bool IsStrict => Behaviour == ProviderBehaviour.Strict;
}
