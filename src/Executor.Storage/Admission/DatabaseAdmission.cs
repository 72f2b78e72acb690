using Executor.Storage.Databases;
using Microsoft.Extensions.Logging;

namespace Executor.Storage.Admission;

/// <summary>What is asked of a starting node before anything that it does to the database stays.</summary>
internal sealed class DatabaseAdmission(StorageOptions options, DatabaseMemory memory, ILogger<DatabaseAdmission> logger)
{
    /// <summary>Of a copy that was adopted.</summary>
    public CopyAdoption Adoption { get; } = new();

    public async Task AdmitAsync(Opening opening)
    {
        if (options.AdoptsCopy)
            await Adoption.AdoptAsync(opening);
        else if (options.Keys is { } keys)
            await new KeyAdmission(keys, options.ReplacesLostKey, logger).AdmitAsync(opening);

        await opening.WriteAsync(
            "INSERT INTO database_identity (only_row, id, entries) VALUES (1, @Id, 0) ON CONFLICT DO NOTHING;",
            new { Id = Guid.NewGuid().ToString("D") });
        memory.Identify((await opening.ReadAsync<string>("SELECT id FROM database_identity;"))[0]);
    }
}
