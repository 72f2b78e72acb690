namespace Executor.Identity;

public static class WellFormed
{
    /// <summary>No control characters, no lone surrogates: what every database, header and log line can carry unchanged.</summary>
    public static bool Text(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
                return false;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }

        return true;
    }
}
