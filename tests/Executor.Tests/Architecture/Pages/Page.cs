using System.Text.RegularExpressions;

namespace Executor.Tests.Architecture.Pages;

/// <summary>A Markdown file of the repository.</summary>
/// <param name="Path">From the root, with slashes.</param>
internal sealed partial record Page(string Path, string Text)
{
    private static readonly Lazy<IReadOnlyList<string>> _files = new(() => [.. Directory
        .EnumerateFiles(Repository.Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = default })
        .Select(file => System.IO.Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Where(file => !Unversioned().IsMatch(file))]);

    /// <summary>Of the whole repository, but what is built or Git's own.</summary>
    public static IReadOnlyList<string> Files => _files.Value;

    public static IEnumerable<Page> All => Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal)).Select(Of);

    /// <summary>Lines that are prose: no code, no tables.</summary>
    public IEnumerable<string> Prose
    {
        get
        {
            var isCode = false;
            foreach (var line in Text.Split('\n'))
            {
                if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                    isCode = !isCode;
                else if (!isCode && !line.StartsWith('|'))
                    yield return line;
            }
        }
    }

    /// <summary>What stands between backticks, outside blocks of code.</summary>
    public IEnumerable<string> Quoted => Code().Matches(Fence().Replace(Text, "")).Select(match => match.Groups["text"].Value);

    /// <summary>Where its links within the repository lead, from the root.</summary>
    public IEnumerable<string> Links => Link().Matches(Text)
        .Select(match => match.Groups["target"].Value.Split('#')[0])
        .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
        .Select(target => System.IO.Path.GetRelativePath(
            Repository.Root,
            System.IO.Path.GetFullPath(target, System.IO.Path.GetDirectoryName(System.IO.Path.Combine(Repository.Root, Path))!)).Replace('\\', '/'));

    public static Page Of(string path) => new(path, File.ReadAllText(System.IO.Path.Combine(Repository.Root, path)));

    /// <summary>Every source file of the given folders.</summary>
    public static IEnumerable<Page> Sources(params string[] folders) => Files
        .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && folders.Any(folder => file.StartsWith(folder, StringComparison.Ordinal)))
        .Select(Of);

    public override string ToString() => Path;

    [GeneratedRegex(@"(^|/)(bin|obj|node_modules|\.git|\.vs|TestResults)(/|\z)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Unversioned();

    [GeneratedRegex(@"^\s*```.*?^\s*```", RegexOptions.Singleline | RegexOptions.Multiline, 1000)]
    private static partial Regex Fence();

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
