using System.Globalization;
using System.Text;

namespace Executor.Simulation.Engine;

/// <summary>What happened, as a hash of everything and the last lines. Nothing is formatted before it is asked for.</summary>
internal sealed class Trace(Timeline timeline)
{
    private const ulong Prime = 1099511628211;
    private const int Kept = 4096;

    private readonly Line[] _lines = new Line[Kept];
    private long _count;

    public ulong Hash { get; private set; } = 14695981039346656037;

    /// <summary>Told each line as it comes.</summary>
    public Action<string>? Listener { get; set; }

    public void Note(string who, string what, string? detail = null, long number = 0)
    {
        var line = new Line(timeline.Now, who, what, detail, number);
        _lines[_count++ % Kept] = line;
        Mix(timeline.Now);
        Mix(who);
        Mix(what);
        Mix(number);
        if (detail is not null)
            Mix(detail);
        Listener?.Invoke(line.ToString());
    }

    public string Last(int lines)
    {
        var text = new StringBuilder();
        for (var n = Math.Max(0, _count - Math.Min(lines, Kept)); n < _count; n++)
            text.Append(_lines[n % Kept]).Append('\n');
        return text.ToString();
    }

    private void Mix(long value) => Hash = (Hash ^ (ulong)value) * Prime;

    private void Mix(string text)
    {
        foreach (var c in text)
            Hash = (Hash ^ c) * Prime;
    }

    private readonly record struct Line(long At, string Who, string What, string? Detail, long Number)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{new TimeSpan(At):hh\\:mm\\:ss\\.ffff} {Who,-8} {What}{(Detail is null ? "" : $" {Detail}")}{(Number == 0 ? "" : $" {Number}")}");
    }
}
