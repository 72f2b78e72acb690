namespace Executor.Sandbox.Control;

/// <summary>An enum value in a query, spelt as in the JSON bodies; by itself the binder insists on the declared casing.</summary>
internal readonly record struct Named<T>(T Value)
    where T : struct, Enum
{
    public static bool TryParse(string text, out Named<T> named)
    {
        var known = Enum.TryParse<T>(text, ignoreCase: true, out var value);
        named = new Named<T>(value);
        return known;
    }

    public bool Is(T other) => EqualityComparer<T>.Default.Equals(Value, other);
}
