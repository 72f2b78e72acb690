using System.Runtime.InteropServices;

namespace Executor.Silo.Hosting;

/// <summary>
/// The first Ctrl-C stops the node in order, which may take minutes. Whoever presses it again means now. What is under way is then cut
/// off as if the node had been killed. That costs nothing that was acknowledged.
/// </summary>
internal sealed class SecondInterrupt : IDisposable
{
    // As a shell has it for a program that SIGINT has ended.
    private const int Interrupted = 130;

    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private int _asked;

    public SecondInterrupt()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Ask());
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Interlocked.Exchange(ref _asked, 1));
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    private void Ask()
    {
        if (Interlocked.Exchange(ref _asked, 1) == 0)
            return;
        Console.Error.WriteLine("Interrupted again: the node ends at once.");
        Environment.Exit(Interrupted);
    }
}
