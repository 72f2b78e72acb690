using System.Net;
using Executor.Credentials;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Mutants;

/// <summary>An error of the provider's is taken for its refusal.</summary>
internal sealed class ErrorTakenForRefusal : Mutation
{
    public override HttpMessageHandler Network(HttpMessageHandler network) => new Handler(network);

    private sealed class Handler(HttpMessageHandler network) : DelegatingHandler(network)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode < HttpStatusCode.InternalServerError)
                return answer;
            return new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new ByteArrayContent("""{"error":"invalid_grant"}"""u8.ToArray()) };
        }
    }
}

/// <summary>Nobody remembers that the same refusal has come before.</summary>
internal sealed class ForgottenRefusals : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            ledger.Row is { Repeated: not null } row ? ledger with { Row = row with { Repeated = null } } : ledger;
    }
}

/// <summary>A credential backs off, and does not say for what.</summary>
internal sealed class SilentWait : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) =>
            decision.Row is { WaitsFor: not null } row ? decision with { Row = row with { WaitsFor = null } } : decision;
    }
}

/// <summary>A refusal is final although an earlier intent's answer may still come.</summary>
internal sealed class HastyRefusal : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            options.Opener is null && ledger.Row?.Intent is { } last
                ? ledger with { Intents = [.. ledger.Intents.Select(intent => intent.Id == last ? intent : intent with { OwnerGone = true })] }
                : ledger;
    }
}
