using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Nodes.Pair;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Silos;

/// <summary>One warm token, asked for from memory: by the owner itself, by its grain on this silo, by its grain on another one.</summary>
internal static class HandOut
{
    private const int Callers = 64;
    private const int PerCall = 100;

    public static async Task PrintAsync()
    {
        await using var pair = await SiloPair.StartAsync();
        await pair.DepositAsync(pair.First, user: 1);
        var here = SiloPair.OwnerAt(pair.First, 1);
        await here.GetTokenAsync(default); // the grain lives where it is asked first
        var owner = pair.First.ServiceProvider.GetRequiredService<LocalOwners>().Activate(SiloPair.Key(1));

        Console.WriteLine("| token hand-out, warm | a second | of the owner's |");
        Console.WriteLine("| --- | --- | --- |");
        var direct = await RateAsync(owner);
        Print("the owner itself", direct, direct);
        Print("silo, at the grain's silo", await RateAsync(here), direct);
        Print("silo, at another silo", await RateAsync(SiloPair.OwnerAt(pair.Second, 1)), direct);
        Console.WriteLine();
    }

    private static async Task<double> RateAsync(ICredentialOwner owner) => PerCall * await Calls.RateAsync(Callers, async _ =>
    {
        for (var call = 0; call < PerCall; call++)
        {
            if (await owner.GetTokenAsync(default) is not TokenOutcome.Issued)
                throw new InvalidOperationException("No token.");
        }
    });

    private static void Print(string what, double rate, double direct) => Console.WriteLine($"| {what} | {rate:N0} | {rate / direct:P1} |");
}
