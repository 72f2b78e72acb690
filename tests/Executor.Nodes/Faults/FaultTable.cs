using System.Text;

namespace Executor.Nodes.Faults;

/// <summary>The tables of docs/what-can-go-wrong.md, between their two markers.</summary>
internal static class FaultTable
{
    private const string Begin = "<!-- written by FaultTests: begin -->\n";
    private const string End = "<!-- written by FaultTests: end -->";

    private static readonly string _file = Path.Combine(Repository.Root, "docs", "what-can-go-wrong.md");

    public static string Committed
    {
        get
        {
            var text = File.ReadAllText(_file);
            var (begin, end) = Place(text);
            return text[begin..end];
        }
    }

    public static void Write(string table)
    {
        var text = File.ReadAllText(_file);
        var (begin, end) = Place(text);
        File.WriteAllText(_file, text[..begin] + table + text[end..]);
    }

    public static string Render(IReadOnlyDictionary<(string Fault, string Provider), string> seen)
    {
        var table = new StringBuilder();
        foreach (var faults in Fault.All.GroupBy(fault => fault.Fate))
        {
            table.Append($"\n**{Title(faults.Key)}**\n\n");
            table.Append($"| when | {string.Join(" | ", Provider.All.Select(provider => provider.Name))} |\n");
            table.Append($"| --- |{string.Concat(Provider.All.Select(_ => " --- |"))}\n");
            foreach (var fault in faults)
            {
                var cells = Provider.All.Select(provider => seen[(fault.Name, provider.Name)]);
                table.Append($"| {fault.Text} | {string.Join(" | ", cells)} |\n");
            }
        }

        return table.Append('\n').ToString();
    }

    private static (int Begin, int End) Place(string text) =>
        (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));

    private static string Title(Fate fate) => fate switch
    {
        Fate.Killed => "The refreshing node is killed",
        Fate.FrozenBriefly => "It is frozen, and thawed before anybody may take over",
        Fate.FrozenPastTheLease => "It is frozen, and thawed when others have taken over where the provider tolerates that",
        _ => "It is frozen, and thawed when the strict deadline has passed",
    };
}
