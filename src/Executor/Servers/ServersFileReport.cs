namespace Executor.Servers;

/// <summary>Collects what is wrong with a servers file, so that all of it is told at once.</summary>
internal sealed class ServersFileReport
{
    private readonly List<string> _errors = [];

    public IReadOnlyList<string> Errors => _errors;

    /// <param name="place">Server and member, as in <c>crm.auth.type</c>.</param>
    /// <param name="complaint">What is allowed; never a value of the file, which may be a secret.</param>
    public void Add(string place, string complaint) => _errors.Add($"{place}: {complaint}");
}
