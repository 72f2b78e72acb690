using System.Globalization;
using System.Text;
using Executor.Simulation.Algorithms.Bench;

namespace Executor.Simulation.Algorithms;

/// <summary>A comparison as Markdown.</summary>
internal static class ComparisonText
{
    public static string Markdown(this Comparison comparison)
    {
        var text = new StringBuilder(Headline(comparison.Seed, comparison.Refreshes)).Append('\n');
        foreach (var provider in ProviderKind.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nProvider: {provider.Name}\n\n");
            text.Append("| fault |");
            foreach (var algorithm in Algorithm.All)
                text.Append(CultureInfo.InvariantCulture, $" {algorithm.Name} |");
            text.Append("\n|---|").Insert(text.Length, "---|", Algorithm.All.Count).Append('\n');
            foreach (var fault in Enum.GetValues<FaultKind>())
            {
                text.Append(CultureInfo.InvariantCulture, $"| {NameOf(fault)} |");
                foreach (var algorithm in Algorithm.All)
                    text.Append(CultureInfo.InvariantCulture, $" {Cell(comparison[algorithm, provider, fault])} |");
                text.Append('\n');
            }
        }

        return text.ToString();
    }

    public static string Headline(int seed, int refreshes) => string.Create(
        CultureInfo.InvariantCulture,
        $"Seed {seed}, {refreshes:N0} refreshes a cell, one in {Misfortune.OneIn} of them hit by the row's fault; lost grants per 100,000 refreshes / requests without a token per 100,000.");

    private static string Cell(Score score)
    {
        var outOfReach = score.OutOfReach > 0 ? $"{Per100k(score.OutOfReach, score.Refreshes)}ᵃ" : "";
        var keptTheFirst = score.KeptTheFirst > 0 ? $"{Per100k(score.KeptTheFirst, score.Refreshes)}ᵇ" : "";
        var excused = string.Join(", ", new[] { outOfReach, keptTheFirst }.Where(part => part.Length > 0));
        return $"{Per100k(score.Lost, score.Refreshes)}{(excused.Length > 0 ? $" ({excused})" : "")} / {Per100k(score.Withheld, score.Requests)}";
    }

    private static string Per100k(int count, int of) => (count * 100_000.0 / of).ToString("N0", CultureInfo.InvariantCulture);

    private static string NameOf(FaultKind fault) => fault switch
    {
        FaultKind.None => "none",
        FaultKind.Crash => "crash",
        FaultKind.Freeze => "freeze",
        FaultKind.LostAnswer => "lost answer",
        FaultKind.LateArrival => "late arrival",
        FaultKind.Database => "database away or commit unknown",
        FaultKind.Partition => "partition",
        FaultKind.ServerError => "5xx",
        _ => "all of these",
    };
}
