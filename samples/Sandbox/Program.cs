using System.Runtime.InteropServices;
using Executor.Sandbox;
using Executor.Sandbox.Mcp;

if (args is ["--help" or "-h"])
{
    Console.WriteLine("Usage: Sandbox [--port 0] [--protocol Stateless|Sessions] [--auth OAuth|StaticBearer|None] [--bearer token] [--tools 0] [--verbose true]");
    return;
}

var arguments = new ConfigurationBuilder().AddCommandLine(args).Build();
await using var sandbox = await SandboxHost.StartAsync(new SandboxOptions
{
    Port = arguments.GetValue("port", 0),
    McpProtocol = arguments.GetValue("protocol", McpProtocol.Stateless),
    McpAuth = arguments.GetValue("auth", McpAuth.OAuth),
    StaticBearer = arguments["bearer"],
    ToolCount = arguments.GetValue("tools", 0),
    Verbose = arguments.GetValue("verbose", false),
});

Console.WriteLine(sandbox.BaseAddress);

var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
await stop.Task;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.TrySetResult();
}
