namespace Executor.Testing;

/// <summary>Collects what arrives on other threads, and lets a test wait for it.</summary>
internal sealed class Signals<T>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly List<T> _seen = [];
    private TaskCompletionSource _news = New();

    public IReadOnlyList<T> Seen
    {
        get
        {
            lock (_gate)
                return [.. _seen];
        }
    }

    public void Add(T item)
    {
        lock (_gate)
        {
            _seen.Add(item);
            _news.SetResult();
            _news = New();
        }
    }

    public async Task<T> WaitForAsync(Func<T, bool> wanted)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            Task news;
            lock (_gate)
            {
                foreach (var item in _seen)
                {
                    if (wanted(item))
                        return item;
                }

                news = _news.Task;
            }

            await news.WaitAsync(deadline.Token);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
