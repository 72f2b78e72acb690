namespace Executor.Silo.Configuration;

/// <summary>The node cannot start as it is configured. Names everything that is wrong and what is allowed, and quotes no value.</summary>
public sealed class ConfigurationException : Exception
{
    public ConfigurationException()
        : this("The configuration is not valid.")
    {
    }

    public ConfigurationException(string message)
        : base(message)
    {
    }

    public ConfigurationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal static ConfigurationException From(IReadOnlyCollection<string> errors) => new(
        $"The node cannot start: {errors.Count} {(errors.Count == 1 ? "setting is" : "settings are")} wrong.{Environment.NewLine}"
        + string.Join(Environment.NewLine, errors.Select(error => "  " + error)));
}
