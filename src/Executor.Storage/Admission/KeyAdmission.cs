using Executor.Security;
using Microsoft.Extensions.Logging;

namespace Executor.Storage.Admission;

/// <summary>
/// Admits a node only with the keys of this database. A node that sealed with another key, or could not open what the others seal, would
/// tell good users to reconnect. A key is entered before anything is sealed with it, by a node whose neighbours all have it already. It
/// leaves when nothing is sealed with it any more, with the first node that starts without it.
/// </summary>
internal sealed partial class KeyAdmission(Keyring keys, bool replacesLost, ILogger logger)
{
    private const string Current = "EXECUTOR_ENCRYPTION_KEY";
    private const string Retired = "EXECUTOR_ENCRYPTION_KEYS_RETIRED";
    private const string Replace = "--replace-lost-key";

    private readonly IReadOnlyList<KeyCheck> _own = keys.Checks;

    public async Task AdmitAsync(Opening opening)
    {
        if (!keys.HasKey)
        {
            if (replacesLost)
                throw new StorageStartException($"{Replace}: needs the key that takes the place of the lost one; set {Current}.");
            return; // seals nothing, opens nothing
        }

        var sql = new KeySql(opening.Dialect);
        var known = await opening.ReadAsync<KnownKey>(KeySql.Known);
        var isNew = known.Count == 0;

        // A table that nobody has entered anything in says nothing about the rows: they are asked themselves.
        var seals = isNew || replacesLost || known.Any(key => !IsOwn(key.KeyId))
            ? (await opening.ReadAsync<Seal>(sql.Sealed)).ToDictionary(seal => seal.KeyId, seal => seal.Credentials, StringComparer.Ordinal)
            : [];
        var foreign = known.Select(key => key.KeyId).Concat(seals.Keys).Where(id => !IsOwn(id)).Distinct(StringComparer.Ordinal).ToList();

        if (replacesLost)
            await GiveUpAsync(opening, sql, foreign);
        else
            Refuse(opening, known, seals, foreign);

        foreach (var gone in foreign)
            await opening.WriteAsync(KeySql.Leave, new { KeyId = gone });
        var entering = _own.Where((key, index) => index == 0 || (isNew && seals.ContainsKey($"{key.Id}")));
        foreach (var key in entering.Where(key => known.All(other => other.KeyId != $"{key.Id}")))
            await opening.WriteAsync(KeySql.Enter, new { KeyId = $"{key.Id}", CheckValue = key.Value.ToArray(), opening.Now });
    }

    private bool IsOwn(string keyId) => _own.Any(key => $"{key.Id}" == keyId);

    private void Refuse(Opening opening, IReadOnlyList<KnownKey> known, Dictionary<string, long> seals, List<string> foreign)
    {
        var isOurs = known.Count == 0
            ? seals.Count == 0 || seals.Keys.Any(IsOwn)
            : known.Any(key => _own.Any(own => own.Is(KeyId.TryParse(key.KeyId) ?? default, key.CheckValue)));
        if (!isOurs)
        {
            throw new StorageStartException(
                $"{Current}: is not the key of this database, nor is one of {Retired}: it knows {Names(foreign)}, and this node has "
                + $"{Names(_own.Select(key => $"{key.Id}"))}. Set the key that its other nodes have. If that key is lost for good, start once "
                + $"with {Replace}: {Count(seals.Values.Sum())} will have to be connected again.");
        }

        if (foreign.FirstOrDefault(seals.ContainsKey) is { } needed)
        {
            throw new StorageStartException(
                $"{Retired}: lacks the key with the id {needed}, with which {Count(seals[needed])} {(seals[needed] == 1 ? "is" : "are")} still sealed. "
                + $"Add it; it may be dropped when no node seals with it and the nodes have sealed those anew. If it is lost for good, start once with {Replace}.");
        }

        foreach (var id in foreign)
        {
            if (opening.Others.FirstOrDefault(node => node.SealsWith(id)) is { } sealing)
            {
                throw new StorageStartException(
                    $"{Retired}: lacks the key with the id {id}, with which node {sealing.Name} seals. Add it as long as that node has it as its current one.");
            }
        }

        // Not asked of nodes that have no key, and not of those of a version that does not tell.
        var current = $"{_own[0].Id}";
        if (known.All(key => key.KeyId != current)
            && opening.Others.FirstOrDefault(node => node.KeyIds is { Length: > 0 } && !node.HasKey(current)) is { } lacking)
        {
            throw new StorageStartException(
                $"{Current}: node {lacking.Name} runs without the key with the id {current}, and could not open what this node seals. "
                + $"First add it to {Retired} on every node, one at a time; then make it the current one.");
        }
    }

    private async Task GiveUpAsync(Opening opening, KeySql sql, List<string> foreign)
    {
        foreach (var node in opening.Others)
        {
            if (node.KeyIds is null || foreign.Exists(node.HasKey))
            {
                throw new StorageStartException(
                    $"{Replace}: node {node.Name} runs, and may have the key that is said to be lost. Take the key from there, or stop that node first.");
            }
        }

        foreach (var lost in foreign)
            Log.GivenUp(logger, lost, await opening.WriteAsync(sql.GiveUp, new { KeyId = lost }));
        if (foreign.Count == 0)
            Log.NothingLost(logger);
    }

    private static string Count(long credentials) => credentials == 1 ? "1 credential" : $"{credentials} credentials";

    private static string Names(IEnumerable<string> ids) => "key " + string.Join(", ", ids);

    private sealed class KnownKey
    {
        public string KeyId { get; init; } = "";

        public byte[] CheckValue { get; init; } = [];
    }

    private sealed class Seal
    {
        public string KeyId { get; init; } = "";

        public long Credentials { get; init; }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Key {KeyId} is given up as lost: {Credentials} credentials have to be connected again")]
        public static partial void GivenUp(ILogger logger, string keyId, int credentials);

        [LoggerMessage(Level = LogLevel.Warning, Message = "No key is lost: this node has every key that anything is sealed with. Start without --replace-lost-key from now on")]
        public static partial void NothingLost(ILogger logger);
    }
}
