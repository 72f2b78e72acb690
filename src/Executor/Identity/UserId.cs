using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Executor.Identity;

/// <summary>The user a request acts for: a positive 64-bit integer, taken from the caller's JWT and never from a body.</summary>
public readonly record struct UserId
{
    private UserId(long value) => Value = value;

    public long Value { get; }

    public static UserId From(long value) =>
        value > 0 ? new UserId(value) : throw new ArgumentOutOfRangeException(nameof(value), "A user id is positive.");

    /// <summary>Decimal digits only: no sign, no space, no exponent. One text a user: no leading zero, nor the NULs that the framework ignores.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out UserId id)
    {
        id = default;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value <= 0
            || !char.IsAsciiDigit(text![^1]) || text[0] == '0')
            return false;
        id = new UserId(value);
        return true;
    }

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
