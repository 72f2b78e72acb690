using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Identity;
using Executor.Nodes.Silos;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Silos;

/// <summary>One warm token, asked for from memory: by the owner itself, by its grain on this silo, by its grain on another one.</summary>
internal static class HandOut
{
    private const int Callers = 64;
    private const int PerCall = 100;

    private static readonly CredentialKey _key = new(UserId.From(1), McpServerId.From("strict"));

    public static async Task PrintAsync()
    {
        await using var cluster = await Cluster.StartAsync(0);
        await using var first = await HostedNode.StartAsync("first", cluster);
        await using var second = await HostedNode.StartAsync("second", cluster);
        await Calls.EnsureAsync(first.As(1).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(), cluster.Sandbox));
        var here = OwnerAt(first);
        await here.GetTokenAsync(default); // the grain lives where it is asked first
        var owner = first.Services.GetRequiredService<LocalOwners>().Activate(_key);

        Console.WriteLine("| token hand-out, warm | a second | of the owner's |");
        Console.WriteLine("| --- | --- | --- |");
        var direct = await RateAsync(owner);
        Print("the owner itself", direct, direct);
        Print("silo, at the grain's silo", await RateAsync(here), direct);
        Print("silo, at another silo, over TLS", await RateAsync(OwnerAt(second)), direct);
        Console.WriteLine();
    }

    private static ICredentialOwner OwnerAt(HostedNode node) => node.Services.GetRequiredService<ICredentials>().For(_key);

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
