using System.Globalization;

namespace Executor.Credentials;

/// <summary>What a complete refusal is known by when it comes again: its status, its <c>error</c> and its numeric sub-codes, hashed.</summary>
public readonly record struct RefusalMark(string Value)
{
    private const string Bare = "status-";

    /// <summary>Whatever stands before the server may have written it.</summary>
    public bool HasCode => !Value.StartsWith(Bare, StringComparison.Ordinal);

    /// <summary>An answer that says nothing but its status: a page of HTML, an empty body.</summary>
    public static RefusalMark WithoutCode(int status) => new(Bare + status.ToString(CultureInfo.InvariantCulture));
}
