using System.Text;

namespace Executor.Testing;

/// <summary>Waits for the server to say that a certain transaction is committed.</summary>
/// <param name="marker">A text among the parameters of the transaction's last request.</param>
internal sealed class LostCommit(string marker)
{
    // CommandComplete: its letter, its length, the command's tag.
    private static readonly byte[] Committed = [(byte)'C', 0, 0, 0, 11, .. "COMMIT\0"u8];

    private readonly byte[] _marker = Encoding.UTF8.GetBytes(marker);
    private readonly TaskCompletionSource _sprung = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Sprung => _sprung.Task;

    /// <summary>One session's traffic, as far as this matters.</summary>
    internal sealed class Watch
    {
        private readonly Window _requests = new();
        private readonly Window _answers = new();
        private LostCommit? _marked;

        public void Request(LostCommit? trap, ReadOnlyMemory<byte> chunk)
        {
            if (trap is { Sprung.IsCompleted: false } && _requests.Holds(chunk, trap._marker))
                _marked = trap;
        }

        /// <summary>True for the answer that is to be lost.</summary>
        public bool Answer(LostCommit? trap, ReadOnlyMemory<byte> chunk) =>
            trap is not null && trap == _marked && _answers.Holds(chunk, Committed) && trap._sprung.TrySetResult();
    }

    /// <summary>What is looked for may lie across two chunks.</summary>
    private sealed class Window
    {
        private byte[] _tail = [];

        public bool Holds(ReadOnlyMemory<byte> chunk, byte[] wanted)
        {
            byte[] seen = [.. _tail, .. chunk.Span];
            _tail = seen[Math.Max(0, seen.Length - wanted.Length + 1)..];
            return seen.AsSpan().IndexOf(wanted) >= 0;
        }
    }
}
