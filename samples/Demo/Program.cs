using System.Runtime.InteropServices;
using Executor.Demo;
using Spectre.Console;

var stay = args.Contains("--stay");
if (args.Any(argument => argument != "--stay"))
{
    await Console.Error.WriteLineAsync("Usage: Demo [--stay]");
    return 2;
}

using var interrupted = new CancellationTokenSource();
using var interruption = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

// To a file or a pipe go plain lines, whole.
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Capabilities.Ansi = false;
    AnsiConsole.Profile.Width = 160;
}

var timeline = new Timeline();
try
{
    await using var world = await DemoWorld.StartAsync(timeline, interrupted.Token);
    await new Scenario(world, timeline).RunAsync(interrupted.Token);
    timeline.Verdict();
    if (stay)
        await Invitation.StayAsync(world, interrupted.Token);
    return 0;
}
catch (ScenarioFailedException failure)
{
    AnsiConsole.MarkupLineInterpolated($"[red]✗ {failure.Message}[/]");
    return 1;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return 130;
}

void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = true;
    interrupted.Cancel();
}
