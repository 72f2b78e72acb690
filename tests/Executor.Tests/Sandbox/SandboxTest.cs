using Executor.Sandbox;

namespace Executor.Tests.Sandbox;

/// <summary>A sandbox of its own for each test.</summary>
public abstract class SandboxTest : IAsyncLifetime
{
    internal SandboxHost Host { get; private set; } = null!;

    internal TokenClient Client { get; private set; } = null!;

    internal ManualTime Time { get; } = new();

    protected virtual SandboxOptions Options => new();

    public async Task InitializeAsync()
    {
        Host = await SandboxHost.StartAsync(Options with { TimeProvider = Time });
        Client = new TokenClient(Host);
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
    }

    /// <summary>Stands still until moved; timers are left to the real clock, as nothing here waits for one.</summary>
    internal sealed class ManualTime : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan by) => _now += by;
    }
}
