using Executor.Credentials;

namespace Executor.Tests.Infrastructure;

public enum CommitFault
{
    None,

    /// <summary>Nothing was written.</summary>
    BeforeCommit,

    /// <summary>It was written, and nobody heard.</summary>
    AfterCommit,

    /// <summary>It was written, and then something failed that should not.</summary>
    DefectAfterCommit,
}

/// <summary>A real store behind a connection that breaks.</summary>
internal sealed class UnreliableStore(ICredentialStore inner) : ICredentialStore
{
    private int _next;
    private int _faults;
    private int _intents;

    public CommitFault Fail { get; set; }

    public Action? BeforeRead { get; set; }

    /// <summary>What was read arrives no sooner than this ends.</summary>
    public Task ReadArrives { get; set; } = Task.CompletedTask;

    /// <summary>Runs once, between the commit of an intent and its sender's last check.</summary>
    public Action? AfterIntent { get; set; }

    /// <summary>Changes that asked for an intent.</summary>
    public int Intents => Volatile.Read(ref _intents);

    public void FailNext(CommitFault fault) => Volatile.Write(ref _next, (int)fault);

    public async Task WaitForFaultsAsync(int count, ManualTimeProvider time)
    {
        var deadline = Environment.TickCount64 + 10_000;
        while (Volatile.Read(ref _faults) < count)
        {
            Assert.True(Environment.TickCount64 < deadline, "The store did not fail often enough.");
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(2);
        }
    }

    public async Task<CredentialSnapshot?> ReadAsync(CredentialKey key, CancellationToken cancellationToken)
    {
        BeforeRead?.Invoke();
        var arrives = ReadArrives;
        var snapshot = await inner.ReadAsync(key, cancellationToken);
        await arrives;
        return snapshot;
    }

    public async Task<T> ChangeAsync<T>(
        CredentialKey key,
        CredentialChangeOptions options,
        Func<CredentialLedger, CredentialDecision<T>> decide,
        CancellationToken cancellationToken)
    {
        if (options.Opener is not null)
            Interlocked.Increment(ref _intents);
        var fault = (CommitFault)Interlocked.Exchange(ref _next, 0);
        if (fault == CommitFault.None)
            fault = Fail;
        if (fault == CommitFault.BeforeCommit)
            throw Fault();
        var result = await inner.ChangeAsync(key, options, decide, cancellationToken);
        if (options.Opener is not null && AfterIntent is { } act)
        {
            AfterIntent = null;
            act();
        }

        return fault switch
        {
            CommitFault.AfterCommit => throw Fault(),
            CommitFault.DefectAfterCommit => throw new InvalidOperationException("A defect."),
            _ => result,
        };
    }

    public Task<IReadOnlyList<CredentialKey>> FindUnresolvedAsync(CredentialKey? after, int limit, CancellationToken cancellationToken) =>
        inner.FindUnresolvedAsync(after, limit, cancellationToken);

    public Task<IReadOnlyList<(CredentialKey Key, Guid Run)>> FindProbesAsync(int limit, CancellationToken cancellationToken) =>
        inner.FindProbesAsync(limit, cancellationToken);

    private StoreUnavailableException Fault()
    {
        Interlocked.Increment(ref _faults);
        return new StoreUnavailableException();
    }
}
