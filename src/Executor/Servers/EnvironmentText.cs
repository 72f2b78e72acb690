using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Executor.Servers;

/// <summary>Puts environment variables into the values of the servers file. What a variable holds is not looked at again.</summary>
internal sealed partial class EnvironmentText(Func<string, string?> environment)
{
    public bool TryExpand(string text, string place, ServersFileReport report, [NotNullWhen(true)] out string? expanded)
    {
        var missing = false;
        var result = Reference().Replace(text, match =>
        {
            if (!match.Groups["name"].Success)
            {
                report.Add(place, "after '${' comes the name of an environment variable (letters, digits, '_') and '}'.");
                missing = true;
                return "";
            }

            var name = match.Groups["name"].Value;
            if (environment(name) is { } value)
                return value;
            report.Add(place, $"the environment variable {name} is not set.");
            missing = true;
            return "";
        });
        expanded = missing ? null : result;
        return expanded is not null;
    }

    [GeneratedRegex(@"\$\{(?:(?<name>[A-Za-z_][A-Za-z0-9_]*)\})?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Reference();
}
