using System.Text.Json;
using System.Text.Json.Nodes;
using Executor.Mcp.Connections;
using Executor.Mcp.Http;
using Executor.Servers;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Calls;

/// <summary>One request on a client, in the scope of one call, and its withdrawal.</summary>
internal sealed class Exchange(ConnectionLease lease, CallScope scope, CallDeadline deadline, McpOptions options, TimeProvider time)
{
    /// <summary>
    /// Far from the SDK's own ids, which count from 1 in each client, and below 2^31. Servers keep ids in 32 bits. Where an id does not
    /// fit, they answer to another one, or to none.
    /// </summary>
    private const int FirstRequestId = 1 << 30;

    private static int _requests;

    /// <summary>The server speaks a version with a handshake, and perhaps sessions.</summary>
    public bool HasHandshake => lease.ProtocolVersion is not { } version || ProtocolMemory.HasHandshake(version);

    public CallScope Scope => scope;

    /// <summary>Ends with the call, for its caller or for its time limit.</summary>
    public CancellationToken Ended => deadline.Token;

    /// <summary>Another request on the same client that must not be taken for this one, with a limit of its own inside this one's.</summary>
    public Exchange Beside(long maxBytes, CallDeadline within)
    {
        var beside = new CallScope(scope.Server, ScopePurpose.Call, () => scope.Bearer, new ByteBudget(maxBytes)) { ProtocolVersion = lease.ProtocolVersion };
        return new Exchange(lease, beside, within, options, time);
    }

    /// <summary>Progress is passed on, and gives the call more time.</summary>
    public IDisposable ListenForProgress(Action<McpProgress>? heard, out int token) => lease.Progress.Listen(
        () => scope.HasBegun |= scope.Sent,
        said =>
        {
            deadline.Extend();
            heard?.Invoke(said);
        },
        out token);

    public Task<IDisposable?> ListenToServerAsync() => lease.ListenAsync(deadline.Token);

    public CallDeadline Within(TimeSpan limit) => new(limit, time, deadline.Token);

    /// <returns>The result as the server sent it, or as near to it as JSON allows.</returns>
    public async Task<JsonElement> SendAsync(string method, JsonObject parameters, string? name = null)
    {
        scope.Forget();
        var id = new RequestId(FirstRequestId + (Interlocked.Increment(ref _requests) & (FirstRequestId - 1)));
        var request = new JsonRpcRequest { Id = id, Method = method, Params = parameters };
#pragma warning disable MCPEXP002 // The SDK would put the name into its header as it is, which only ASCII survives.
        if (name is not null)
            request.Context = new JsonRpcMessageContext { RoutingName = McpHeaderEncoder.EncodeValue(name) };
#pragma warning restore MCPEXP002
        using var abort = new CancellationTokenSource();
        var answer = SendInScopeAsync(request, abort.Token);
        try
        {
            var response = await answer.WaitAsync(deadline.Token);
            // The SDK only saw that the reply came; one that it got by another way than the answer to the request, it has itself.
            return scope.Reply switch
            {
                { Error: null } reply => reply.Result,
                { } => throw new RpcErrorException(),
                null => JsonSerializer.SerializeToElement(response.Result),
            };
        }
        catch (OperationCanceledException) when (deadline.Token.IsCancellationRequested)
        {
            // Told first, then hung up on: over HTTP the one does not imply the other, and some servers know only one of the two.
            // What still arrives is the answer to a call that was withdrawn, and says nothing about the one that was made.
            if (scope.Sent && !answer.IsCompleted)
                await WithdrawAsync(id);
            await abort.CancelAsync();
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        catch (AnswerTooLargeException)
        {
            await WithdrawAsync(id);
            throw;
        }
    }

    private async Task<JsonRpcResponse> SendInScopeAsync(JsonRpcRequest request, CancellationToken cancellationToken)
    {
        scope.Enter();
        return await lease.Client.SendRequestAsync(request, cancellationToken);
    }

    private async Task WithdrawAsync(RequestId id)
    {
        var withdrawal = new CallScope(scope.Server, ScopePurpose.Cancel, () => scope.Bearer, new ByteBudget(64 * 1024))
        {
            ProtocolVersion = lease.ProtocolVersion,
        };
        withdrawal.Enter();
        using var limit = new CancellationTokenSource(options.CancelTimeout, time);
        try
        {
            var notice = new CancelledNotificationParams { RequestId = id, Reason = "The caller gave up." };
            await lease.Client.SendNotificationAsync(NotificationMethods.CancelledNotification, notice, cancellationToken: limit.Token);
        }
        catch (Exception e) when (Failures.IsUpstream(e, withdrawal))
        {
            // A courtesy: what it is about is cancelled or timed out already, and is reported as such.
        }
    }
}

/// <summary>What the error was is in the scope.</summary>
internal sealed class RpcErrorException() : Exception("The server answered with an error.");
