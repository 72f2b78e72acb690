using Microsoft.Extensions.Options;

namespace Executor.Credentials.Owner;

/// <summary>Keeps an owner's view of the row. Many callers share one read. A read that a change has overtaken is not kept.</summary>
internal sealed class CredentialReader(
    CredentialKey key, ICredentialStore store, CredentialVault vault, IOptions<CredentialOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private CredentialView? _view;
    private Task<CredentialView>? _reading;
    private TaskCompletionSource _changed = NewSignal();
    private long _epoch;
    private long _readingEpoch;

    public CredentialView? Current => Volatile.Read(ref _view);

    /// <summary>Completes at the next change.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    /// <summary>The row may have changed: what was read before, or is being read, is not handed out from memory any more.</summary>
    public void Invalidate()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _epoch++;
            _view = null;
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }

    /// <summary>
    /// A read that began after the last change that this node knows of. Others may have been waiting for a read already. It is shared
    /// only if what it saw is not too old when it ends. The database may have kept it waiting, and the word of a change may have been
    /// lost.
    /// </summary>
    public async Task<CredentialView> ReadAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        while (true)
        {
            var view = await ShareAsync(cancellationToken);
            if (view.ReadAt >= asked || view.IsFresh(time, options.Value.Revalidation))
                return view;
        }
    }

    /// <summary>The row after its next change, or soon in any case: the word of a change may be lost.</summary>
    public async Task<CredentialView> ReadNextAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(Changed.Ended(), Task.Delay(Soon, time, cancellationToken).Ended());
        return await ReadAsync(cancellationToken);
    }

    private Task<CredentialView> ShareAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_reading is not { IsCompleted: false } || _readingEpoch != _epoch)
            {
                _readingEpoch = _epoch;
                _reading = ReadAsync(_epoch);
            }

            return _reading.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<CredentialView> ReadAsync(long epoch)
    {
        await Task.Yield(); // the caller holds the gate
        var readAt = time.GetTimestamp();
        var view = await store.ReadAsync(key, CancellationToken.None) is { } snapshot
            ? Open(snapshot, readAt)
            : CredentialView.Absent(key, readAt);
        lock (_gate)
        {
            if (epoch == _epoch)
                _view = view;
        }

        return view;
    }

    private CredentialView Open(CredentialSnapshot snapshot, long readAt)
    {
        var row = snapshot.Row;
        var token = vault.TryOpenAccessToken(row, out var opened) ? opened : (AccessToken?)null;
        var unknownKey = vault.UnknownKeyOf(row);
        var undecryptable = vault.HasKey && unknownKey is null && row.RefreshToken is not null && !vault.TryOpenRefreshToken(row, out _);
        return new CredentialView(row, snapshot.Now, readAt, token, undecryptable, unknownKey);
    }
}
