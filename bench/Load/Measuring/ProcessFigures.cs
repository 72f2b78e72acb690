using System.Globalization;

namespace Executor.Load;

/// <summary>What the kernel says about a process.</summary>
internal static class ProcessFigures
{
    /// <summary>As Linux counts in /proc, whatever the kernel's own clock: USER_HZ.</summary>
    private const int TicksPerSecond = 100;

    /// <summary>User and system time of all its threads.</summary>
    public static TimeSpan Cpu(int process)
    {
        // The program's name, in parentheses, may hold spaces.
        var text = File.ReadAllText($"/proc/{process}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return TimeSpan.FromSeconds(ticks / (double)TicksPerSecond);
    }

    /// <summary>Resident bytes, those shared with other processes included.</summary>
    public static double Resident(int process) => Kilobytes(process, "VmRSS:") * 1024;

    /// <summary>Of these, the process's own: neither files nor shared.</summary>
    public static double Anonymous(int process) => Kilobytes(process, "RssAnon:") * 1024;

    private static double Kilobytes(int process, string name)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
