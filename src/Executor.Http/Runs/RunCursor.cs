using System.Buffers.Text;
using Executor.Runs;

namespace Executor.Http.Runs;

/// <summary>Where a page of runs ended. Opaque to clients, so that what it holds may change.</summary>
internal static class RunCursor
{
    public static string Write(RunId last) => Base64Url.EncodeToString(last.Value.ToByteArray(bigEndian: true));

    public static bool TryRead(string text, out RunId last)
    {
        last = default;
        Span<byte> bytes = stackalloc byte[16];
        if (text.Length != 22 || !Base64Url.IsValid(text, out var length) || length != bytes.Length)
            return false;
        Base64Url.DecodeFromChars(text, bytes);
        last = new RunId(new Guid(bytes, bigEndian: true));
        return true;
    }
}
