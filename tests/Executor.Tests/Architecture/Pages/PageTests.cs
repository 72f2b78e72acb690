using System.Text.RegularExpressions;
using Executor.Silo.Configuration;

namespace Executor.Tests.Architecture.Pages;

/// <summary>What a page names is there. A page that lies is worse than none.</summary>
public sealed partial class PageTests
{
    private const int Columns = 100;

    [Fact]
    public void Files_and_folders_that_a_page_names_exist()
    {
        var known = Page.Files.Concat(Page.Files.SelectMany(Folders)).Select(path => "/" + path).ToHashSet(StringComparer.Ordinal);
        bool Exists(string name) => known.Contains("/" + name) || known.Any(path => path.EndsWith("/" + name, StringComparison.Ordinal));

        Assert.Equal([], Missing(text => IsPath().IsMatch(text) && !Exists(text)));
    }

    [Fact]
    public void Types_and_members_that_a_page_names_exist()
    {
        var words = Page.Sources("src/", "Silo/", "samples/", "tests/", "bench/")
            .SelectMany(source => Word().Matches(source.Text).Select(match => match.Value))
            .ToHashSet(StringComparer.Ordinal);

        Assert.Equal([], Missing(text => IsIdentifier().IsMatch(text) && !words.Contains(text)));
    }

    [Fact]
    public void Links_lead_somewhere() => Assert.Equal(
        [],
        from page in Page.All
        from target in page.Links
        where !Page.Files.Contains(target, StringComparer.Ordinal)
        select $"{page}: {target}");

    [Fact]
    public void Prose_keeps_to_a_hundred_columns() => Assert.Equal(
        [],
        from page in Page.All
        where page.Path != "bench/README.md" // figures, written anew with each measurement
        from line in page.Prose
        where line.EnumerateRunes().Count() > Columns && line.Trim().Contains(' ', StringComparison.Ordinal)
        select $"{page}: {line}");

    [Fact]
    public void Page_of_settings_has_every_setting_and_no_other()
    {
        var page = Page.Of("docs/settings.md").Text;
        var named = SettingRow().Matches(page).Select(match => match.Groups["name"].Value);

        Assert.Equal(Settings.All.Select(setting => setting.Name).Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
        Assert.All(Settings.All.Select(setting => setting.Alias).OfType<string>(), alias => Assert.Contains($"`{alias}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Readme_leads_to_every_page() => Assert.Equal(
        Page.Files.Where(file => file.StartsWith("docs/", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        Page.Of("README.md").Links.Where(link => link.StartsWith("docs/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    private static IEnumerable<string> Missing(Predicate<string> isMissing) =>
        from page in Page.All
        from text in page.Quoted
        where isMissing(text)
        select $"{page}: {text}";

    private static IEnumerable<string> Folders(string file)
    {
        for (var slash = file.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = file.IndexOf('/', slash + 1))
            yield return file[..(slash + 1)];
    }

    /// <summary>Other endings are of files that a user makes, such as <c>servers.json</c>.</summary>
    [GeneratedRegex(@"^[A-Za-z.][\w.-]*(/[\w.-]+)*(\.(cs|csproj|md|props|sql)|/)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex IsPath();

    [GeneratedRegex(@"^[A-Z][a-z0-9]+([A-Z][a-z0-9]*)+\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex IsIdentifier();

    [GeneratedRegex(@"\b[A-Z]\w+", RegexOptions.None, 1000)]
    private static partial Regex Word();

    [GeneratedRegex(@"^\| `(?<name>[A-Z][A-Z0-9_]+)` \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex SettingRow();
}
