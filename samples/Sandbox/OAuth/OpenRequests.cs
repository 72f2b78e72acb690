namespace Executor.Sandbox.OAuth;

/// <summary>How many requests to the token endpoint are open, and how many were at most.</summary>
internal sealed class OpenRequests
{
    private readonly Lock _gate = new();

    public int Count { get; private set; }

    public int Max { get; private set; }

    /// <summary>One more, until it is disposed; twice does no harm.</summary>
    public IDisposable Begin()
    {
        lock (_gate)
            Max = Math.Max(Max, ++Count);
        return new Open(this);
    }

    /// <summary>What is open stays counted.</summary>
    public void Reset()
    {
        lock (_gate)
            Max = Count;
    }

    private sealed class Open(OpenRequests requests) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            lock (requests._gate)
            {
                if (!_ended)
                    requests.Count--;
                _ended = true;
            }
        }
    }
}
