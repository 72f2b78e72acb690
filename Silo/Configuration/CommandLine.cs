namespace Executor.Silo.Configuration;

/// <summary>
/// The command line. It is read by hand: a parser library's message quotes an argument that it does not know, which may be a secret.
/// </summary>
internal sealed class CommandLine
{
    private const string ConfigOption = "--config";
    private const string Database = "database";
    private const string AdoptCopy = "adopt-copy";

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public bool InMemory { get; private set; }

    public bool WantsHelp { get; private set; }

    public bool WantsVersion { get; private set; }

    /// <summary>On purpose, and once: not a setting that a file or an environment could keep.</summary>
    public bool ReplacesLostKey { get; private set; }

    /// <summary>Instead of a node.</summary>
    public bool AdoptsCopy { get; private set; }

    /// <summary>The JSON file.</summary>
    public string? ConfigPath { get; private set; }

    public static CommandLine Parse(IReadOnlyList<string> args, List<string> errors)
    {
        var line = new CommandLine();
        line.AdoptsCopy = args is [Database, AdoptCopy, ..];
        for (var i = line.AdoptsCopy ? 2 : 0; i < args.Count; i++)
        {
            var (option, value) = Split(args[i]);
            if (!line.TakeFlag(option, value) && Accepts(option, i, errors))
                line.Take(option, value ?? (i + 1 < args.Count ? args[++i] : null), errors);
        }

        return line;
    }

    public string? Find(Setting setting) => _values.GetValueOrDefault(setting.Option);

    private static (string Option, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }

    private bool TakeFlag(string option, string? value)
    {
        if (value is not null)
            return false;
        switch (option)
        {
            case "--in-memory":
                InMemory = true;
                return true;
            case "--replace-lost-key":
                ReplacesLostKey = true;
                return true;
            case "--help" or "-h":
                WantsHelp = true;
                return true;
            case "--version" or "-v":
                WantsVersion = true;
                return true;
            default:
                return false;
        }
    }

    private static bool Accepts(string option, int index, List<string> errors)
    {
        if (option == ConfigOption)
            return true;
        var setting = Settings.All.FirstOrDefault(known => known.Option == option);
        if (setting is { IsSecret: false })
            return true;
        if (setting is not null)
            errors.Add($"{option}: is not taken from the command line, which others can read; set {setting.Name} in the environment.");
        else if (option.StartsWith("--", StringComparison.Ordinal) && option.Length <= 40)
            errors.Add($"{option}: there is no such option; --help lists them.");
        else
            errors.Add($"Argument {index + 1}: is not an option; --help lists them.");
        return false;
    }

    private void Take(string option, string? value, List<string> errors)
    {
        if (string.IsNullOrEmpty(value))
            errors.Add($"{option}: needs a value.");
        else if (option == ConfigOption)
            ConfigPath = value;
        else if (!_values.TryAdd(option, value))
            errors.Add($"{option}: is given twice.");
    }
}
