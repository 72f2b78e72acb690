using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Executor.Security;

/// <summary>UTF-8 that refuses what it cannot represent: replacing it would make two different texts one.</summary>
internal static class StrictUtf8
{
    // Not a throwing encoder: its exception quotes a part of the text, which may be a secret.
    public static byte[] GetBytes(string text, string parameter)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        return Utf8.FromUtf16(text, bytes, out _, out _, replaceInvalidSequences: false) == OperationStatus.Done
            ? bytes
            : throw new ArgumentException("The text holds an unpaired surrogate.", parameter);
    }
}
