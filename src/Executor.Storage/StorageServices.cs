using Executor.Credentials;
using Executor.Nodes;
using Executor.Runs;
using Executor.Storage.Admission;
using Executor.Storage.Changes;
using Executor.Storage.Credentials;
using Executor.Storage.Databases;
using Executor.Storage.Databases.Postgres;
using Executor.Storage.Databases.Sqlite;
using Executor.Storage.Migrations;
using Executor.Storage.Nodes;
using Executor.Storage.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Executor.Storage;

public static class StorageServices
{
    private const string MembershipConnections = "membership";

    /// <summary>Adds the stores. They work after <see cref="StorageStartup.StartAsync"/>.</summary>
    public static IServiceCollection AddExecutorStorage(this IServiceCollection services, StorageOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<NodeState>();
        services.AddSingleton(options);
        services.AddSingleton<DatabaseMemory>();
        services.AddSingleton<DatabaseAdmission>();
        services.AddSingleton(provider => new DatabaseWatch(
            provider.GetRequiredService<DatabaseMemory>(),
            provider.GetRequiredService<NodeState>(),
            provider.GetRequiredService<ILogger<DatabaseWatch>>()));
        if (options.Provider is StorageProvider.Postgres postgres)
            AddPostgres(services, PostgresSettings.From(postgres), options.Clock);
        else
            AddSqlite(services, (options.Provider as StorageProvider.Sqlite)?.Path, options.Clock);

        services.AddSingleton<CredentialNews>();
        services.AddSingleton<RunNews>();
        services.AddSingleton<ICredentialStore, CredentialStore>();
        services.AddSingleton<ICredentialSeals, CredentialSeals>();
        services.AddSingleton<IRunStore, RunStore>();
        return services;
    }

    private static void AddSqlite(IServiceCollection services, string? path, TimeProvider? clock)
    {
        services.AddSingleton<Database>(provider => new SqliteDatabase(
            path,
            clock ?? provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<DatabaseMemory>(),
            provider.GetRequiredService<DatabaseAdmission>(),
            provider.GetRequiredService<ILogger<SqliteDatabase>>()));
        services.AddSingleton<INodeRegistry, SqliteNodeRegistry>();
        services.AddSingleton<IChangeFeed, LocalChanges>();
        services.AddSingleton<IDatabaseHealth>(provider =>
            new DatabaseHealthCheck(provider.GetRequiredService<Database>(), Migration.Sqlite));
        services.AddSingleton(provider => new StorageStartup(
            provider.GetRequiredService<Database>(), provider.GetRequiredService<DatabaseAdmission>(), provider.GetRequiredService<DatabaseMemory>()));
    }

    private static void AddPostgres(IServiceCollection services, PostgresSettings settings, TimeProvider? clock)
    {
        services.AddSingleton<Database>(provider => new PostgresDatabase(
            settings,
            clock,
            provider.GetRequiredService<DatabaseMemory>(),
            provider.GetRequiredService<DatabaseAdmission>(),
            provider.GetRequiredService<ILogger<PostgresDatabase>>()));
        services.AddSingleton<INodeRegistry>(provider => new PostgresNodeRegistry(
            provider.GetRequiredService<Database>(),
            settings,
            provider.GetRequiredService<StorageOptions>(),
            provider.GetRequiredService<DatabaseMemory>(),
            provider.GetRequiredService<ILogger<PostgresNodeRegistry>>()));
        services.AddKeyedSingleton(MembershipConnections, (provider, _) =>
            PostgresSource.Of(settings.Membership, provider.GetRequiredService<DatabaseMemory>()));
        services.AddSingleton<LocalChanges>();
        services.AddSingleton<IChangeFeed>(provider => new PostgresChanges(
            settings,
            provider.GetRequiredService<LocalChanges>(),
            provider.GetRequiredService<DatabaseMemory>(),
            provider.GetRequiredService<ILogger<PostgresChanges>>()));
        services.AddSingleton<IDatabaseHealth>(provider =>
            new DatabaseHealthCheck(provider.GetRequiredService<Database>(), Migration.Postgres));
        services.AddSingleton(provider => new StorageStartup(
            provider.GetRequiredService<Database>(),
            provider.GetRequiredService<DatabaseAdmission>(),
            provider.GetRequiredService<DatabaseMemory>(),
            (PostgresChanges)provider.GetRequiredService<IChangeFeed>(),
            provider.GetRequiredKeyedService<NpgsqlDataSource>(MembershipConnections)));
    }
}
