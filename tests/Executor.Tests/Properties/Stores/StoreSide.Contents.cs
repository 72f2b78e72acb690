using Executor.Runs;

namespace Executor.Tests.Properties.Stores;

internal sealed partial class StoreSide
{
    /// <summary>Everything that is kept, as the interfaces tell it.</summary>
    public async Task<IReadOnlyList<string>> ContentsAsync()
    {
        var contents = new List<string>();
        for (var n = 0; n < Users * Servers.Length; n++)
            contents.Add(await LookAsync(0, KeyAt(n)));
        foreach (var run in _runs)
            contents.Add(await ReadRunAsync(0, run));
        for (var n = 0; n < Users; n++)
            contents.Add(_text.Of(await _hosts[0].Runs.ListAsync(KeyAt(n).User, new RunFilter(), 1000, default)));
        contents.Add(_text.Of(await _hosts[0].Credentials.FindUnresolvedAsync(null, 1000, default)));
        contents.Add(_text.Of(await _hosts[0].Runs.FindReadyAsync(1000, 1000, [], default)));
        contents.Add(await NodeAsync(new StoreStep(StoreAct.Observe, 0, 0, 1)));
        return contents;
    }
}
