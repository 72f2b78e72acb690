using System.Text.Json;
using System.Text.RegularExpressions;
using Executor.Credentials;
using Executor.Nodes;

namespace Executor.Tests.Properties.Stores;

/// <summary>
/// Answers as text that is the same for the same answer: envelopes are opened, since no two seals are alike, and incarnations, which
/// each store draws for itself, go by the order in which they entered.
/// </summary>
internal sealed partial class StoreText(CredentialVault vault, IReadOnlyList<NodeRef> entered)
{
    public string Of(object? answer) => Incarnations().Replace(
        answer is null ? "null" : JsonSerializer.Serialize(answer, answer.GetType()),
        match => $"#{NumberOf(long.Parse(match.Value))}");

    public string Of(CredentialRow? row)
    {
        if (row is null)
            return "null";
        vault.TryOpenRefreshToken(row, out var refresh);
        vault.TryOpenKeptToken(row, out var kept);
        vault.TryOpenAccessToken(row, out var access);
        vault.TryOpenClientSecret(row, out var secret);
        var plain = row with
        {
            RefreshToken = null,
            KeptRefreshToken = null,
            AccessToken = null,
            Client = row.Client is { } client ? client with { ClientSecret = null } : null,
        };
        return $"{Of((object)plain)} refresh={refresh.Value} kept={kept.Value} access={access.Value} secret={secret?.Value}";
    }

    public string Of(NodeRef node) => $"#{NumberOf(node.Incarnation)}";

    private int NumberOf(long incarnation) => entered.Select(node => node.Incarnation).ToList().IndexOf(incarnation);

    [GeneratedRegex("""(?<="Incarnation":)[0-9]+""", RegexOptions.None, 1000)]
    private static partial Regex Incarnations();
}
