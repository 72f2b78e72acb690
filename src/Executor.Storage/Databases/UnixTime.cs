namespace Executor.Storage.Databases;

internal static class UnixTime
{
    public static long? Of(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();

    public static DateTimeOffset From(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset? From(long? milliseconds) => milliseconds is { } value ? From(value) : null;

    public static long UnixNow(this TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds();
}
