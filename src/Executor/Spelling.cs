namespace Executor;

/// <summary>Finds what a mistyped name probably means.</summary>
public static class Spelling
{
    /// <returns>Null when nothing is near: more than a third of the name would have to change.</returns>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        if (name.Length > 100)
            return null;
        var (best, least) = ((string?)null, int.MaxValue);
        foreach (var candidate in known)
        {
            var distance = Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (distance < least)
                (best, least) = (candidate, distance);
        }

        return least <= Math.Max(2, name.Length / 3) ? best : null;
    }

    /// <summary>How many letters have to be put in, left out, changed, or swapped with their neighbour.</summary>
    public static int Distance(string one, string other)
    {
        var (older, old, row) = (new int[other.Length + 1], new int[other.Length + 1], new int[other.Length + 1]);
        for (var j = 0; j <= other.Length; j++)
            row[j] = j;
        for (var i = 1; i <= one.Length; i++)
        {
            (older, old, row) = (old, row, older);
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var change = one[i - 1] == other[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(old[j] + 1, row[j - 1] + 1), old[j - 1] + change);
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                    row[j] = Math.Min(row[j], older[j - 2] + 1);
            }
        }

        return row[other.Length];
    }
}
