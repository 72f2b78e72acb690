namespace Executor.Mcp.Http;

internal sealed class CappedStream(Stream inner, CallScope scope, ByteBudget budget) : ReadOnlyStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer, cancellationToken));

    public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private int Count(int read)
    {
        if (read == 0)
            scope.AnswerEnded = true;
        else
            budget.Spend(read);
        return read;
    }
}
