using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;

namespace Executor.Tests.Properties.Stores;

/// <summary>What one process heard.</summary>
internal sealed class StoreEars : IDisposable
{
    private readonly IChangeFeed _feed;
    private readonly Signals<Change> _heard = new();
    private readonly IDisposable _subscription;

    public StoreEars(IChangeFeed feed)
    {
        _feed = feed;
        _subscription = feed.Subscribe(_heard.Add);
    }

    /// <summary>All that was said before the mark, sorted: which of two changes arrives first, no feed promises across nodes.</summary>
    /// <param name="counts">Whether the feed hands on every change, or merges equal ones that follow each other closely.</param>
    public async Task<IReadOnlyList<string>> UntilAsync(Change mark, bool counts)
    {
        await _heard.WaitForAsync(change => change == mark);
        var said = _heard.Seen.Select(change => $"{change}");
        return [.. (counts ? said : said.Distinct()).Order(StringComparer.Ordinal)];
    }

    public void Publish(Change change) => _feed.Publish(change);

    public void Dispose() => _subscription.Dispose();

    public static Change Mark(int number) => new Change.Credential(new CredentialKey(UserId.From(1000 + number), McpServerId.From("mark")));
}
