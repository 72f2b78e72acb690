namespace Executor.Tests.Infrastructure;

public sealed class OutageTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly CapturedLogs _logs = new();

    public void Dispose() => _logs.Dispose();

    [Fact]
    public void Outage_is_told_at_its_begin_and_at_its_end_however_many_calls_fail()
    {
        var outage = new Outage("The database", _time, _logs.CreateLogger("Executor"));
        outage.Worked();
        for (var second = 0; second < 60; second++)
        {
            outage.Failed("it is gone");
            _time.Advance(TimeSpan.FromSeconds(1));
            outage.Worked(); // one call among those that fail
        }

        Assert.Single(_logs.Lines);
        _time.Advance(TimeSpan.FromSeconds(2));
        outage.Worked();
        outage.Worked();

        Assert.Equal(2, _logs.Lines.Count);
        Assert.Contains("The database is not available (it is gone)", _logs.All, StringComparison.Ordinal);
        Assert.Contains("The database is available again, after 62 s", _logs.All, StringComparison.Ordinal);
    }
}
