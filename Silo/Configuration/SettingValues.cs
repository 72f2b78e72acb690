namespace Executor.Silo.Configuration;

/// <summary>
/// What was set, whatever it came from: the command line over the environment over the file. An empty value is an unset one. Collects
/// what is wrong, so that all of it is told at once.
/// </summary>
internal sealed class SettingValues(CommandLine line, Func<string, string?> environment, IReadOnlyDictionary<string, string> file, List<string> errors)
{
    private readonly List<string> _warnings = [];

    /// <summary>What the operator probably did not mean, and the node can do without. No value is quoted.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    public string? Find(Setting setting)
    {
        var own = NullIfEmpty(line.Find(setting)) ?? Find(setting.Name);
        if (setting.Alias is null || Find(setting.Alias) is not { } other)
            return own;
        if (own is not null && own != other)
            Refuse(setting, $"differs from {setting.Alias}; set one of them, or both to the same value.");
        return own ?? other;
    }

    public bool Has(Setting setting) => Find(setting) is not null;

    public void Refuse(Setting setting, string complaint) => errors.Add($"{setting.Name}: {complaint}");

    public void Warn(Setting setting, string complaint) => _warnings.Add($"{setting.Name}: {complaint}");

    public int Integer(Setting setting, int fallback, int minimum, int maximum)
    {
        if (Find(setting) is not { } text)
            return fallback;
        if (int.TryParse(text, System.Globalization.NumberStyles.None, null, out var number) && number >= minimum && number <= maximum)
            return number;
        Refuse(setting, $"must be an integer from {minimum} to {maximum}.");
        return fallback;
    }

    /// <summary>The value that goes with the word, in whatever case.</summary>
    public T Word<T>(Setting setting, T fallback, string allowed, params ReadOnlySpan<(string Word, T Value)> words)
    {
        if (Find(setting) is not { } text)
            return fallback;
        foreach (var (word, value) in words)
        {
            if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        Refuse(setting, $"must be {allowed}.");
        return fallback;
    }

    private string? Find(string name) => NullIfEmpty(environment(name)) ?? NullIfEmpty(file.GetValueOrDefault(name));

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
