namespace Executor.Tests.Properties.Stores;

/// <summary>The same steps on the model and on a database: every answer, what was announced and what is kept in the end are the same.</summary>
internal static class StoreAgreement
{
    public static async Task CheckAsync(StoreSide model, StoreSide real, IReadOnlyList<StoreStep> steps)
    {
        var done = 0;
        foreach (var step in steps)
        {
            var (expected, actual) = (await model.DoAsync(step), await real.DoAsync(step));
            Assert.True(expected == actual, $"Step {done} of {steps.Count}, {step}:\nmodel {expected}\nreal  {actual}");
            done++;
        }

        Assert.Equal(await model.ContentsAsync(), await real.ContentsAsync());
        if (!model.WasRestarted)
            Assert.Equal(await HeardAsync(model), await HeardAsync(real));
    }

    private static async Task<List<string>> HeardAsync(StoreSide side)
    {
        var heard = new List<string>();
        for (var n = 0; n < side.Ears.Length; n++)
            side.Ears[n].Publish(StoreEars.Mark(n));
        foreach (var ears in side.Ears)
        {
            for (var n = 0; n < side.Ears.Length; n++)
                await ears.UntilAsync(StoreEars.Mark(n), counts: false);
            heard.AddRange(await ears.UntilAsync(StoreEars.Mark(0), counts: side.Ears.Length == 1));
        }

        return heard;
    }
}
