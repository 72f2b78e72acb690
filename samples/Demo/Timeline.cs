using System.Diagnostics;
using Spectre.Console;

namespace Executor.Demo;

/// <summary>What happened, when, and what was verified about it.</summary>
internal sealed class Timeline
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<string> _verified = [];

    public static void Chapter(string title) => AnsiConsole.Write(new Rule($"[bold]{Markup.Escape(title)}[/]").LeftJustified());

    public void Event(string text) => Line("[blue]•[/]", text);

    /// <exception cref="ScenarioFailedException">It is not so.</exception>
    public void Verify(bool holds, string claim)
    {
        if (!holds)
            throw new ScenarioFailedException($"Not so: {claim}");
        _verified.Add(claim);
        Line("[green]✓[/]", claim);
    }

    public void Verdict()
    {
        AnsiConsole.Write(new Rule());
        AnsiConsole.MarkupLineInterpolated($"[green]{_verified.Count} claims verified[/] in {Stopwatch.GetElapsedTime(_start).TotalSeconds:0.0} s.");
    }

    private void Line(string bullet, string text) => AnsiConsole.MarkupLine(
        $"[grey]{Stopwatch.GetElapsedTime(_start).TotalSeconds,6:0.000}[/] {bullet} {Markup.Escape(text)}");
}

internal sealed class ScenarioFailedException(string message) : Exception(message);
