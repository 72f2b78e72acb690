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

        memory.Identify(await IdentityAsync(opening));
    }

    /// <summary>Made once. Where all is as it should be, an admission only reads: a database that is read-only for a while is no reason to fail.</summary>
    private static async Task<string> IdentityAsync(Opening opening)
    {
        if (await opening.ReadAsync<string>("SELECT id FROM database_identity;") is [var known])
            return known;
        var made = Guid.NewGuid().ToString("D");
        await opening.WriteAsync("INSERT INTO database_identity (only_row, id, entries) VALUES (1, @Id, 0);", new { Id = made });
        return made;
    }
}
