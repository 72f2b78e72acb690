using System.Globalization;

namespace Executor.Load;

/// <summary>Writes Markdown as it comes.</summary>
internal sealed class Report(TextWriter to)
{
    public async Task MachineAsync()
    {
        var load = await File.ReadAllTextAsync("/proc/loadavg");
        Text($"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores, .NET {Environment.Version}, "
            + $"{Runtime.Build} build; load average before: {load.Split(' ')[0]}.");
    }

    public void Heading(string text) => to.WriteLine($"\n### `{text}`");

    public void Text(string text) => to.WriteLine($"\n{text}");

    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        to.WriteLine();
        to.WriteLine($"| {string.Join(" | ", columns)} |");
        to.WriteLine($"|{string.Concat(columns.Select((_, index) => index == 0 ? " --- |" : " ---: |"))}");
        foreach (var row in rows)
            to.WriteLine($"| {string.Join(" | ", row)} |");
        to.Flush();
    }
}

/// <summary>Figures as a reader wants them.</summary>
internal static class Figure
{
    public const string None = "–";

    /// <summary>Three digits.</summary>
    public static string Of(double? value)
    {
        if (value is not { } number || !double.IsFinite(number))
            return None;
        var digits = number == 0 ? 0 : Math.Clamp(2 - (int)Math.Floor(Math.Log10(Math.Abs(number))), 0, 4);
        return number.ToString($"N{digits}", CultureInfo.InvariantCulture);
    }

    public static string Ratio(double? value) => value is { } number && double.IsFinite(number)
        ? number.ToString(number < 0.1 ? "F3" : "F2", CultureInfo.InvariantCulture)
        : None;

    public static string Seconds(TimeSpan value) => $"{Of(value.TotalSeconds)} s";

    public static string Milliseconds(double value) => $"{Of(value)} ms";

    public static string Megabytes(double bytes) => $"{Of(bytes / 1_000_000)} MB";
}

internal static class Runtime
{
#if DEBUG
    public const string Build = "Debug";
#else
    public const string Build = "Release";
#endif
}
