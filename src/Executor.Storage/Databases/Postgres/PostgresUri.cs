using Npgsql;

namespace Executor.Storage.Databases.Postgres;

/// <summary>Reads <c>postgres://user:password@host:port/database?option=value</c>, which Npgsql itself does not.</summary>
internal static class PostgresUri
{
    public static NpgsqlConnectionStringBuilder Parse(Uri uri)
    {
        var user = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder { Host = uri.IdnHost.Trim('[', ']') };
        if (uri.Port > 0)
            builder.Port = uri.Port;
        if (user[0].Length > 0)
            builder.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1)
            builder.Password = Uri.UnescapeDataString(user[1]);
        if (uri.AbsolutePath.Length > 1)
            builder.Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]);
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            Add(builder, pair.Split('=', 2));
        return builder;
    }

    private static void Add(NpgsqlConnectionStringBuilder builder, string[] pair)
    {
        var value = pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "";
        switch (pair[0])
        {
            case "sslmode":
                builder.SslMode = Enum.Parse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
                break;
            case "application_name":
                builder.ApplicationName = value;
                break;
            case "connect_timeout":
                builder.Timeout = int.Parse(value);
                break;
            case "host":
                builder.Host = value;
                break;
            default:
                builder[Uri.UnescapeDataString(pair[0])] = value;
                break;
        }
    }
}
