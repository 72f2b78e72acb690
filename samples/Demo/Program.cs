using Executor.Demo;
using Spectre.Console;

var stay = args.Contains("--stay");
if (args.Any(argument => argument != "--stay"))
{
    await Console.Error.WriteLineAsync("Usage: Demo [--stay]");
    return 2;
}

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupted.Cancel();
};

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
