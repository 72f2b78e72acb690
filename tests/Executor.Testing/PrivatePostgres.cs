using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Executor.Testing;

/// <summary>
/// One PostgreSQL server for the whole test process, in a temporary directory, reached by loopback. A shell that waits
/// for the end of its standard input stops and removes it: however the test process ends, its end of the pipe closes.
/// </summary>
internal sealed class PrivatePostgres
{
    private const string Script = """
        set -e
        PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)"
        umask 077
        dir=$(mktemp -d "${TMPDIR:-/tmp}/executor-pg-XXXXXX")
        cd "$dir"
        trap 'pg_ctl -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
        trap 'exit 1' HUP INT TERM
        initdb -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync >"$dir/initdb.log" 2>&1
        pg_ctl -D "$dir/data" -l "$dir/server.log" -w -t 60 start -o "-k '$dir' -p $1 -c listen_addresses=127.0.0.1 -c fsync=off \
          -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB -c autovacuum=off" >/dev/null
        echo "ready"
        cat >/dev/null
        """;

    private static readonly Lazy<Task<PrivatePostgres>> Shared = new(StartAsync);

    // Kept, so that its standard input stays open as long as this process lives.
    private readonly Process _watchdog;

    private PrivatePostgres(int port, Process watchdog)
    {
        Port = port;
        _watchdog = watchdog;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
    }

    public static string? MissingReason { get; } =
        OperatingSystem.IsWindows() || !IsInstalled() ? "PostgreSQL's initdb is not installed." : null;

    public int Port { get; }

    public static Task<PrivatePostgres> GetAsync() => Shared.Value;

    public string ConnectionString(string user = "postgres") => $"Host=127.0.0.1;Port={Port};Username={user};Database=postgres";

    private static bool IsInstalled() => Find("initdb") is not null
        || (Directory.Exists("/usr/lib/postgresql")
            && Directory.EnumerateDirectories("/usr/lib/postgresql").Any(version => File.Exists(Path.Combine(version, "bin", "initdb"))));

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);

    private static async Task<PrivatePostgres> StartAsync()
    {
        var start = new ProcessStartInfo { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        var command = Unprivileged();
        start.FileName = command[0];

        // Out of the test run's process group: what kills that group must leave somebody to clean up.
        var port = FreePort();
        string[] script = ["sh", "-c", Script, "sh", $"{port}"];
        string[] shell = Find("setsid") is null ? script : ["setsid", .. script];
        foreach (var argument in command.Skip(1).Concat(shell))
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var line = await process.StandardOutput.ReadLineAsync(deadline.Token);
        return line is "ready"
            ? new PrivatePostgres(port, process)
            : throw new InvalidOperationException("The private PostgreSQL did not start.");
    }

    /// <summary>PostgreSQL takes no port by itself.</summary>
    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static string[] Unprivileged()
    {
        if (!Environment.IsPrivilegedProcess)
            return ["env"];
        return Find("setpriv") is not null ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            : Find("runuser") is not null ? ["runuser", "-u", "postgres", "--"]
            : ["su", "postgres", "-s", "/bin/sh", "-c", "exec \"$0\" \"$@\"", "--"];
    }

    private void Stop()
    {
        _watchdog.StandardInput.Close();
        _watchdog.WaitForExit(TimeSpan.FromSeconds(10));
    }
}
