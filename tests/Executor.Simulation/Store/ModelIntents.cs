using System.Collections.Immutable;
using Executor.Credentials;

namespace Executor.Simulation.Store;

internal static class ModelIntents
{
    /// <summary>Inserts, in order; of an intent that is there already only what may change is written.</summary>
    public static ImmutableList<RefreshIntent> Upsert(ImmutableList<RefreshIntent> intents, RefreshIntent intent)
    {
        var known = intents.FindIndex(other => other.Id == intent.Id);
        if (known >= 0)
        {
            return intents.SetItem(known, intents[known] with
            {
                Deadline = intent.Deadline.Kept(),
                UsesKept = intent.UsesKept,
                Settlement = intent.Settlement,
                RecordedFailure = intent.RecordedFailure,
            });
        }

        if (intents.Exists(other => other.Ordinal == intent.Ordinal))
            throw new InvalidOperationException("A generation has one intent of each ordinal.");
        var place = intents.FindIndex(other => other.Ordinal > intent.Ordinal);
        var kept = intent with { StartedAt = intent.StartedAt.Kept(), Deadline = intent.Deadline.Kept(), OwnerGone = false };
        return place < 0 ? intents.Add(kept) : intents.Insert(place, kept);
    }
}
