using Executor.Simulation.Store;
using Executor.Storage;

namespace Executor.Tests.Infrastructure;

/// <summary>The model of the database that simulations run on: it keeps the same promises.</summary>
internal sealed class ModelBackend(ModelFlavour flavour) : StorageBackend
{
    private ModelDatabase? _database;

    public override StorageProvider Provider => throw new NotSupportedException("The model has no provider.");

    /// <summary>The one opened last.</summary>
    public ModelSession Session { get; private set; } = null!;

    internal override Task<StorageHost> OpenAsync(TimeProvider? clock = null)
    {
        _database ??= new ModelDatabase(clock ?? TimeProvider.System, flavour);
        Session = _database.Open();
        return Task.FromResult(StorageHost.Of(Session));
    }
}
