using System.Text.Json;

namespace Executor.Servers;

/// <summary>
/// Reads a tool's annotations for one purpose: may a call whose outcome nobody knows be made again? They are a stranger's hints, so
/// whatever is odd about them means no.
/// </summary>
public static class ToolHints
{
    private enum Hint
    {
        Unsaid,
        No,
        Yes,

        /// <summary>Not a boolean, or said twice in different ways.</summary>
        Odd,
    }

    /// <param name="tool">A tool's definition, of any shape.</param>
    public static bool AllowRepetition(JsonElement tool)
    {
        if (tool.ValueKind != JsonValueKind.Object || Single(tool, "annotations") is not { ValueKind: JsonValueKind.Object } annotations)
            return false;
        return (Read(annotations, "readOnlyHint"), Read(annotations, "destructiveHint"), Read(annotations, "idempotentHint")) switch
        {
            (Hint.Odd, _, _) or (_, Hint.Odd, _) or (_, _, Hint.Odd) => false,
            // Nothing that only reads destroys.
            (Hint.Yes, Hint.Yes, _) => false,
            (Hint.Yes, _, _) => true,
            // To delete the same thing twice is to delete it once.
            (_, _, Hint.Yes) => true,
            _ => false,
        };
    }

    private static Hint Read(JsonElement annotations, string name)
    {
        var hint = Hint.Unsaid;
        foreach (var member in annotations.EnumerateObject().Where(member => member.NameEquals(name)))
        {
            var said = member.Value.ValueKind switch
            {
                JsonValueKind.True => Hint.Yes,
                JsonValueKind.False => Hint.No,
                JsonValueKind.Null => Hint.Unsaid,
                _ => Hint.Odd,
            };
            hint = hint == Hint.Unsaid || hint == said ? said : Hint.Odd;
        }

        return hint;
    }

    private static JsonElement? Single(JsonElement tool, string name)
    {
        JsonElement? found = null;
        foreach (var member in tool.EnumerateObject().Where(member => member.NameEquals(name)))
        {
            if (found is not null)
                return null;
            found = member.Value;
        }

        return found;
    }
}
