namespace Executor.Soak;

/// <param name="Seed">Decides which events come in which order; what they meet is up to the machine.</param>
internal sealed record SoakPlan(TimeSpan Duration, int Nodes, int Users, int Seed);
