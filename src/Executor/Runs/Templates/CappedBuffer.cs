using System.Buffers;

namespace Executor.Runs.Templates;

/// <summary>Refuses to grow beyond a limit: a few references to a large result must not fill the memory before they are measured.</summary>
internal sealed class CappedBuffer(int limit) : IBufferWriter<byte>
{
    private readonly ArrayBufferWriter<byte> _inner = new();

    public ReadOnlyMemory<byte> Written => _inner.WrittenMemory;

    public static TemplateException TooLarge(int limit) => new($"The rendered arguments are larger than {limit / 1024} KiB.");

    public void Advance(int count)
    {
        if (count > limit - _inner.WrittenCount)
            throw TooLarge(limit);
        _inner.Advance(count);
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => _inner.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => _inner.GetSpan(sizeHint);
}
