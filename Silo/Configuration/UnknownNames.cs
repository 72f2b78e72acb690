using System.Text.RegularExpressions;

namespace Executor.Silo.Configuration;

/// <summary>
/// Names that look like settings and are none: a mistyped one would silently mean nothing. Only names are told, never values.
/// </summary>
internal static partial class UnknownNames
{
    private static readonly string[] OwnPrefixes = ["EXECUTOR_", "SILO_"];

    /// <summary>The first words of names that other programs use as well: told only where one is nearly ours.</summary>
    private static readonly string[] SharedPrefixes = ["FOREST_", "DATABASE_", "HTTP_", "STEP_", "STOP_", "RUN_", "LOG_"];

    private static readonly string[] Known =
        [.. Settings.All.SelectMany(setting => new[] { setting.Name, setting.Alias }).OfType<string>()];

    /// <param name="names">Of all variables of the environment.</param>
    /// <param name="asked">Those that something has asked for: the servers file may name some of its own.</param>
    /// <param name="value">Of a variable by name; looked at only to tell Kubernetes' variables from settings.</param>
    public static IEnumerable<string> Warnings(IEnumerable<string> names, IReadOnlySet<string> asked, Func<string, string?> value) => names
        .Where(name => !asked.Contains(name) && !Known.Contains(name, StringComparer.Ordinal) && IsSuspect(name) && !IsOfKubernetes(name, value))
        .Order(StringComparer.Ordinal)
        .Select(name => $"{Show(name)} is set in the environment, and there is no such setting.{Meant(name)}");

    public static string Meant(string name) => Nearest(name) is { } nearest ? $" Is {nearest} meant?" : "";

    public static string Show(string name) => name.Length <= 60 && !name.Any(char.IsControl) ? $"'{name}'" : "'…'";

    private static bool IsSuspect(string name)
    {
        if (StartsWith(name, OwnPrefixes))
            return true;
        return StartsWith(name, SharedPrefixes)
            && (Whole(name) is not null || Known.Any(known => Spelling.Distance(name.ToUpperInvariant(), known) <= 2));
    }

    private static bool StartsWith(string name, string[] prefixes) =>
        prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>The prefix is as easily left out, or put where none belongs, as a letter is mistyped.</summary>
    private static string? Nearest(string name)
    {
        foreach (var prefix in OwnPrefixes)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
                && Known.FirstOrDefault(known => known.Equals(name[prefix.Length..], StringComparison.OrdinalIgnoreCase)) is { } bare)
                return bare;
        }

        return Known.FirstOrDefault(known => OwnPrefixes.Any(prefix => known.Equals(prefix + name, StringComparison.OrdinalIgnoreCase)))
            ?? Whole(name)
            ?? Spelling.Nearest(name, Known);
    }

    /// <summary>What it is more than half of.</summary>
    private static string? Whole(string name) =>
        Known.FirstOrDefault(known => known.StartsWith(name, StringComparison.OrdinalIgnoreCase) && name.Length > known.Length / 2);

    /// <summary>Kubernetes puts such variables into every pod for a service that is called «executor».</summary>
    private static bool IsOfKubernetes(string name, Func<string, string?> value) =>
        OfService().IsMatch(name) || (name.EndsWith("_PORT", StringComparison.Ordinal) && value(name)?.Contains("://", StringComparison.Ordinal) == true);

    [GeneratedRegex(@"_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)\z|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OfService();
}
