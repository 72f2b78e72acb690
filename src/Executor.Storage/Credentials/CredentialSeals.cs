using Executor.Credentials;
using Executor.Security;
using Executor.Storage.Admission;
using Executor.Storage.Databases;

namespace Executor.Storage.Credentials;

internal sealed class CredentialSeals(Database database) : ICredentialSeals
{
    private const string Replace =
        "UPDATE credentials SET refresh_token = @RefreshToken, kept_refresh_token = @KeptRefreshToken, access_token = @AccessToken, "
        + "client_secret = @ClientSecret, version = version + 1 "
        + "WHERE user_id = @UserId AND mcp_server_id = @McpServerId AND version = @Version RETURNING version;\n";

    private readonly KeySql _sql = new(database.Dialect);

    public async Task<IReadOnlyList<CredentialRow>> FindOthersAsync(
        KeyId current, CredentialKey? after, int limit, CancellationToken cancellationToken)
    {
        var arguments = (after is { } key ? CredentialStore.ArgumentsOf(key) : new SqlArguments()).With("KeyId", $"{current}").With("Limit", limit);
        var found = await database.ReadListAsync<CredentialRecord>(_sql.SealedByOthers(after is not null), arguments, cancellationToken);
        return found.Select(record => record.ToRow()).ToList();
    }

    public async Task<bool> ReplaceAsync(CredentialRow row, CancellationToken cancellationToken)
    {
        var arguments = CredentialStore.ArgumentsOf(row.Key)
            .With("RefreshToken", row.RefreshToken)
            .With("KeptRefreshToken", row.KeptRefreshToken)
            .With("AccessToken", row.AccessToken)
            .With("ClientSecret", row.Client?.ClientSecret)
            .With("Version", row.Version);
        return await database.WriteRowsAsync(Replace, arguments, cancellationToken) > 0;
    }
}
