using System.Diagnostics;

namespace Executor.Testing;

/// <summary>
/// A PostgreSQL server in a temporary directory, reached by loopback: one for the whole test process, and others for tests that
/// make trouble. A shell does to it what it reads from its standard input, and at the end of that stops and removes it: however the
/// test process ends, its end of the pipe closes.
/// </summary>
internal sealed partial class PrivatePostgres : IAsyncDisposable
{
    /// <summary>Without fsync a commit survives the server's crash, with its pages whole, but not the machine's.</summary>
    private const string ForTests = "-c fsync=off -c max_connections=1000 -c shared_buffers=64MB -c autovacuum=off";

    private const string Script = """
        set -e
        PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)"
        umask 077
        dir=$(mktemp -d "${TMPDIR:-/tmp}/executor-pg-XXXXXX")
        cd "$dir"
        start() {
          pg_ctl -D "$dir/data" -l "$dir/server.log" -w -t 60 start -o "-k '$dir' -p $1 -c listen_addresses=127.0.0.1 $2" >/dev/null
        }
        signal() {
          test -f data/postmaster.pid || return 0
          server=$(head -n 1 data/postmaster.pid)
          kill "-$1" "$server" || true
          for child in $(pgrep -P "$server"); do kill "-$1" "$child" 2>/dev/null || true; done
        }
        trap 'signal CONT; pg_ctl -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
        trap 'exit 1' HUP INT TERM
        initdb -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync >"$dir/initdb.log" 2>&1
        start "$1" "$2"
        echo "ready"
        while read -r verb name text; do
          case "$verb" in
            start) start "$1" "$2" ;;
            stop) pg_ctl -D "$dir/data" -m "$name" -w -t 60 stop >/dev/null ;;
            signal) signal "$name" ;;
            put) printf %s "$text" | base64 -d >"$dir/data/$name" ;;
          esac
          echo "ready"
        done
        """;

    private static readonly Lazy<Task<PrivatePostgres>> Shared = new(() => StartAsync());

    private readonly SemaphoreSlim _turn = new(1);

    // Kept, so that its standard input stays open as long as this process lives.
    private readonly Process _shell;

    private PrivatePostgres(int port, Process shell)
    {
        Port = port;
        _shell = shell;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    public static string? MissingReason { get; } =
        OperatingSystem.IsWindows() || !IsInstalled() ? "PostgreSQL's initdb is not installed." : null;

    public int Port { get; }

    /// <summary>The server that all tests share.</summary>
    public static Task<PrivatePostgres> GetAsync() => Shared.Value;

    /// <summary>Another server, the caller's own.</summary>
    /// <param name="settings">As on the server's command line.</param>
    public static async Task<PrivatePostgres> StartAsync(string settings = ForTests)
    {
        var start = new ProcessStartInfo { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        var command = Unprivileged();
        start.FileName = command[0];

        // Out of the test run's process group: what kills that group must leave somebody to clean up.
        var port = Ports.Free();
        string[] script = ["sh", "-c", Script, "sh", $"{port}", settings];
        string[] shell = Find("setsid") is null ? script : ["setsid", .. script];
        foreach (var argument in command.Skip(1).Concat(shell))
            start.ArgumentList.Add(argument);
        var server = new PrivatePostgres(port, Process.Start(start)!);
        await server.AnswerAsync();
        return server;
    }

    public string ConnectionString(string user = "postgres") => $"Host=127.0.0.1;Port={Port};Username={user};Database=postgres";

    public ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        Stop();
        _shell.Dispose();
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool IsInstalled() => Find("initdb") is not null
        || (Directory.Exists("/usr/lib/postgresql")
            && Directory.EnumerateDirectories("/usr/lib/postgresql").Any(version => File.Exists(Path.Combine(version, "bin", "initdb"))));

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static string[] Unprivileged()
    {
        if (!Environment.IsPrivilegedProcess)
            return ["env"];
        return Find("setpriv") is not null ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            : Find("runuser") is not null ? ["runuser", "-u", "postgres", "--"]
            : ["su", "postgres", "-s", "/bin/sh", "-c", "exec \"$0\" \"$@\"", "--"];
    }

    /// <summary>Has the shell do something, and returns when it has.</summary>
    private async Task TellAsync(string order)
    {
        await _turn.WaitAsync();
        try
        {
            await _shell.StandardInput.WriteLineAsync(order);
            await _shell.StandardInput.FlushAsync();
            await AnswerAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task AnswerAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        if (await _shell.StandardOutput.ReadLineAsync(deadline.Token) is not "ready")
            throw new InvalidOperationException("The private PostgreSQL did not do what it was told.");
    }

    private void OnProcessExit(object? sender, EventArgs e) => Stop();

    private void Stop()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit(TimeSpan.FromSeconds(20));
    }
}
