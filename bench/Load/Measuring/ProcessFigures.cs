using System.Globalization;

namespace Executor.Load;

/// <summary>What the kernel says about a process.</summary>
internal static class ProcessFigures
{
    /// <summary>As Linux counts in /proc, whatever the kernel's own clock: USER_HZ.</summary>
    private const int TicksPerSecond = 100;

    private const int Parent = 1;
    private const int UserTime = 11;
    private const int SystemTime = 12;
    private const int ChildrensUserTime = 13;
    private const int ChildrensSystemTime = 14;

    /// <summary>User and system time of all its threads.</summary>
    public static TimeSpan Cpu(int process)
    {
        var fields = Stat(process);
        return Time(fields[UserTime]) + Time(fields[SystemTime]);
    }

    /// <summary>Of a process, of those that it has started, and of those of them that it has outlived.</summary>
    public static TimeSpan CpuOfFamily(int process)
    {
        var own = Stat(process);
        var cpu = Time(own[UserTime]) + Time(own[SystemTime]) + Time(own[ChildrensUserTime]) + Time(own[ChildrensSystemTime]);
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var other))
                continue;
            try
            {
                var fields = Stat(other);
                if (fields[Parent] == process.ToString(CultureInfo.InvariantCulture))
                    cpu += Time(fields[UserTime]) + Time(fields[SystemTime]);
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }

        return cpu;
    }

    public static int ParentOf(int process) => int.Parse(Stat(process)[Parent], CultureInfo.InvariantCulture);

    /// <summary>Resident bytes, those shared with other processes included.</summary>
    public static double Resident(int process) => Kilobytes(process, "VmRSS:") * 1024;

    /// <summary>Of these, the process's own: neither files nor shared.</summary>
    public static double Anonymous(int process) => Kilobytes(process, "RssAnon:") * 1024;

    /// <summary>From the state on, which is field 3 of proc(5).</summary>
    private static string[] Stat(int process)
    {
        // The program's name, in parentheses, may hold spaces.
        var text = File.ReadAllText($"/proc/{process}/stat");
        return text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static TimeSpan Time(string ticks) => TimeSpan.FromSeconds(long.Parse(ticks, CultureInfo.InvariantCulture) / (double)TicksPerSecond);

    private static double Kilobytes(int process, string name)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
