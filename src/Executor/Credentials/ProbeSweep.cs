using Executor.Credentials.Transitions;

namespace Executor.Credentials;

/// <summary>
/// Where tokens were refused and nobody asks for one when the pause is over, one of the runs that wait for it wakes and tries: its own
/// step is the probe.
/// </summary>
internal sealed class ProbeSweep(ICredentialStore store, Random random)
{
    private const int MaxAtOnce = 50;

    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, run) in await store.FindProbesAsync(MaxAtOnce, cancellationToken))
        {
            var take = new TakeProbe(new ProbeId(run), new RefusalRules(random.NextDouble())) { WakesRun = run };
            await store.ChangeAsync(key, new CredentialChangeOptions(), take.Decide, cancellationToken);
        }
    }
}
