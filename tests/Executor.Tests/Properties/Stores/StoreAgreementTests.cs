using Executor.Simulation.Store;
using Executor.Tests.Infrastructure;
using FsCheck;
using FsCheck.Fluent;

namespace Executor.Tests.Properties.Stores;

/// <summary>
/// Simulations are worth what their model of the database is worth: no sequence of operations tells it from the real ones. The
/// variable EXECUTOR_TESTS_SEQUENCES asks for another number of sequences.
/// </summary>
public sealed class StoreAgreementTests
{
    private const int Length = 80;

    private static readonly (int Times, StoreAct Act)[] Often =
    [
        (8, StoreAct.Deposit), (2, StoreAct.Delete), (12, StoreAct.Open), (12, StoreAct.Settle), (2, StoreAct.Look),
        (3, StoreAct.FindUnresolved), (2, StoreAct.DecideBadly), (8, StoreAct.Insert), (3, StoreAct.FindReady), (10, StoreAct.Claim),
        (20, StoreAct.Move), (3, StoreAct.Trigger), (2, StoreAct.Cancel), (2, StoreAct.Release), (2, StoreAct.FindOwners),
        (3, StoreAct.List), (2, StoreAct.ReadRun), (1, StoreAct.Prune), (2, StoreAct.Enter), (2, StoreAct.Beat),
        (1, StoreAct.MarkGone), (1, StoreAct.Leave), (2, StoreAct.Retake), (2, StoreAct.Observe), (1, StoreAct.Cut),
        (1, StoreAct.Restart), (8, StoreAct.Pass),
    ];

    private static readonly Gen<StoreStep> Steps = Gen.Elements(Often.SelectMany(entry => Enumerable.Repeat(entry.Act, entry.Times)))
        .Zip(Gen.Choose(0, 59))
        .Zip(Gen.Choose(0, 59).Zip(Gen.Choose(0, 59)), (act, rest) => new StoreStep(act.Item1, act.Item2, rest.Item1, rest.Item2));

    [Fact]
    public void Model_and_SQLite_answer_alike() => Property.HoldsOfSequences(
        Steps, Length, steps => CheckAsync(steps, new SqliteMemoryBackend(), new SqliteTroubles(), ModelFlavour.Sqlite).GetAwaiter().GetResult(), Times(100));

    [PostgresFact]
    public void Model_and_PostgreSQL_answer_alike() => Property.HoldsOfSequences(
        Steps, Length, steps => CheckPostgresAsync(steps).GetAwaiter().GetResult(), Times(20));

    private static async Task CheckPostgresAsync(IReadOnlyList<StoreStep> steps)
    {
        var backend = await PostgresBackend.CreateAsync();
        await CheckAsync(steps, backend, new PostgresTroubles(backend), ModelFlavour.Postgres);
    }

    private static async Task CheckAsync(IReadOnlyList<StoreStep> steps, StorageBackend backend, IStoreTroubles troubles, ModelFlavour flavour)
    {
        await using var database = backend;
        await using var modelled = new ModelBackend(flavour);
        var processes = flavour == ModelFlavour.Postgres ? 2 : 1;
        await using var model = await StoreSide.OpenAsync(modelled, new ModelTroubles(modelled), processes);
        await using var real = await StoreSide.OpenAsync(backend, troubles, processes);
        await StoreAgreement.CheckAsync(model, real, steps);
    }

    private static int Times(int usually) =>
        int.TryParse(Environment.GetEnvironmentVariable("EXECUTOR_TESTS_SEQUENCES"), out var asked) ? asked : usually;
}
