using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Executor.Testing.Secrets;

namespace Executor.Testing;

/// <summary>The built server as a process of its own.</summary>
internal sealed partial class NodeProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private NodeProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Collect(line.Data, _output);
        process.ErrorDataReceived += (_, line) => Collect(line.Data, _errors);
    }

    /// <summary>Is shown all that the node wrote, at its end.</summary>
    public SecretWatch Watch { get; set; } = SecretWatch.OfThisRun;

    public int Id => _process.Id;

    public string Output => string.Join('\n', _output);

    public string Errors => string.Join('\n', _errors);

    public static NodeProcess Start(string[] args, params (string Name, string Value)[] environment) =>
        Start(NodeProgram.InUse, args, environment);

    public static NodeProcess Start(NodeProgram program, string[] args, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [program.Assembly, .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Directory.CreateTempSubdirectory("executor-").FullName,
        };
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList())
            start.Environment.Remove(name);
        // A killed process would leave its debugger's pipes and sockets behind in the temporary directory.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var node = new NodeProcess(new Process { StartInfo = start });
        node._process.Start();
        node._process.BeginOutputReadLine();
        node._process.BeginErrorReadLine();
        return node;
    }

    /// <summary>Where the node listens, once it does.</summary>
    public async Task<Uri> AddressAsync()
    {
        await Task.WhenAny(_address.Task, _process.WaitForExitAsync()).WaitAsync(Patience);
        return _address.Task.IsCompleted ? await _address.Task : throw new InvalidOperationException($"The node ended: {Errors}");
    }

    /// <summary>Asks the process to stop, as an orchestrator does.</summary>
    public void Terminate() => Signal("TERM");

    /// <summary>Ctrl-C.</summary>
    public void Interrupt() => Signal("INT");

    /// <summary>Stops the process where it stands; it knows nothing of it.</summary>
    public void Freeze() => Signal("STOP");

    public void Thaw() => Signal("CONT");

    /// <summary>Ends the process at once, without a last word.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public async Task<int> ExitCodeAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        Watch.See("console", Output);
        Watch.See("console", Errors);
        _process.Dispose();
        Directory.Delete(_process.StartInfo.WorkingDirectory, recursive: true);
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString()]);
        kill.WaitForExit();
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("EXECUTOR_", StringComparison.Ordinal) || name.StartsWith("FOREST_", StringComparison.Ordinal)
        || name.StartsWith("DATABASE_", StringComparison.Ordinal) || name.StartsWith("SILO_", StringComparison.Ordinal)
        || name.StartsWith("OTEL_", StringComparison.Ordinal)
        || name is "HTTP_HOST" or "HTTP_PORT" or "STEP_TIMEOUT_S" or "STOP_TIMEOUT_S" or "RUN_RETENTION_DAYS" or "LOG_LEVEL" or "LOG_FORMAT"
            or "ASPNETCORE_ENVIRONMENT";

    private void Collect(string? line, ConcurrentQueue<string> lines)
    {
        if (line is null)
            return;
        lines.Enqueue(line);
        if (Listening().Match(line) is { Success: true } match)
            _address.TrySetResult(new Uri($"http://127.0.0.1:{match.Groups["port"].Value}"));
    }

    [GeneratedRegex(@"The node runs.*http://[^ ]*:(?<port>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listening();
}
