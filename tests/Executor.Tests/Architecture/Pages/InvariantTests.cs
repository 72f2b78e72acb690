using System.Text.RegularExpressions;
using Executor.Simulation.Mutants;

namespace Executor.Tests.Architecture.Pages;

/// <summary>Each rule of docs/INVARIANTS.md is held by tests that there are, and each rule of the simulation stands there.</summary>
public sealed partial class InvariantTests
{
    private static readonly Page _page = Page.Of("docs/INVARIANTS.md");

    /// <summary>On one line each: a name or a rule may be broken over two.</summary>
    private static readonly string[] _sections = [.. SectionStart().Split(_page.Text).Skip(1).Select(section => WhiteSpace().Replace(section, " "))];

    [Fact]
    public void Every_rule_names_its_code_and_a_test() => Assert.All(_sections, section =>
    {
        Assert.Contains("- Code: ", section, StringComparison.Ordinal);
        Assert.True(TestName().IsMatch(section), section);
    });

    [Fact]
    public void Tests_that_hold_a_rule_exist()
    {
        var tests = Page.Sources("tests/").SelectMany(source => Test().Matches(source.Text).Select(match => match.Groups["name"].Value));

        var named = _sections.SelectMany(section => TestName().Matches(section).Select(match => match.Groups["name"].Value));

        Assert.Equal([], named.Except(tests, StringComparer.Ordinal));
    }

    [Fact]
    public void Rules_of_the_simulation_all_stand_there()
    {
        var rules = Literals("tests/Executor.Simulation/Rules/");

        Assert.Equal([], rules.Except(Rules().Select(rule => rule.Rule), StringComparer.Ordinal));
    }

    [Fact]
    public void Rules_of_the_simulation_that_stand_there_exist()
    {
        var literals = Literals("tests/Executor.Simulation/");

        Assert.Equal([], Rules().Select(rule => rule.Rule).Except(literals, StringComparer.Ordinal));
    }

    [Fact]
    public void Mutants_stand_beside_the_rule_that_notices_them()
    {
        var known = MutantTests.Known.Select(row => $"{row[2]} ({row[0]})");

        var named = Rules().SelectMany(rule => rule.Mutants.Select(mutant => $"{rule.Rule} ({mutant})"));

        Assert.Equal(known.Distinct().Order(StringComparer.Ordinal), named.Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<(string Rule, string[] Mutants)> Rules() =>
        from section in _sections
        from match in Rule().Matches(section)
        select (match.Groups["rule"].Value, match.Groups["mutant"].Captures.Select(capture => capture.Value).ToArray());

    /// <summary>What reads like a rule: a capital letter, and more than one word.</summary>
    private static IEnumerable<string> Literals(string folder) =>
        Page.Sources(folder).SelectMany(source => Literal().Matches(source.Text).Select(match => match.Groups["text"].Value));

    [GeneratedRegex("^### ", RegexOptions.Multiline, 1000)]
    private static partial Regex SectionStart();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"`(?<name>[A-Z][A-Za-z0-9]*_\w+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestName();

    [GeneratedRegex(@"public (async )?(Task|void) (?<name>\w+_\w+)\(", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Test();

    [GeneratedRegex("\"(?<rule>[A-Z][^\"]+)\"( \\(`(?<mutant>\\w+)`(, `(?<mutant>\\w+)`)*\\))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rule();

    [GeneratedRegex("(?<!\\$)\"(?<text>[A-Z][^\"{}]* [^\"{}]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Literal();
}
