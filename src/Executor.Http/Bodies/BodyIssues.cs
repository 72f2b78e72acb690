using System.Text;
using Executor.Http.Problems;

namespace Executor.Http.Bodies;

/// <summary>Every mistake in a body, so that a client learns of all at once. Values are never quoted.</summary>
internal sealed class BodyIssues
{
    /// <summary>Bounds the answer to a body that is wrong in thousands of places.</summary>
    private const int MaxListed = 20;

    private readonly List<string> _issues = [];
    private int _count;

    public bool Any => _count > 0;

    public static Problem Single(string path, string message) => Refused($"{(path.Length == 0 ? "body" : path)}: {message}");

    /// <summary>For a mistake that was found behind the front end, with its path.</summary>
    public static Problem Refused(string issues) => Problem.InvalidRequest("Invalid request body — " + issues);

    public void Add(string path, string message)
    {
        if (_count++ < MaxListed)
            _issues.Add($"{(path.Length == 0 ? "body" : path)}: {message}");
    }

    public Problem ToProblem()
    {
        var text = new StringBuilder().AppendJoin("; ", _issues);
        if (_count > MaxListed)
            text.Append("; and ").Append(_count - MaxListed).Append(" more");
        return Refused(text.ToString());
    }
}
