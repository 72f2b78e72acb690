using System.Text.Json.Nodes;
using Executor.Mcp.Connections;
using Executor.Mcp.Http;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Calls;

/// <summary>One request on a client, in the scope of one call, and its withdrawal.</summary>
internal sealed class Exchange(ConnectionLease lease, CallScope scope, CallDeadline deadline, McpOptions options, TimeProvider time)
{
    /// <summary>Far from the SDK's own, which count from 1 in each client, and within what a JavaScript server reads exactly.</summary>
    private static long _lastRequestId = 1L << 40;

    public async Task<JsonNode?> SendAsync(string method, JsonObject parameters)
    {
        var id = new RequestId(Interlocked.Increment(ref _lastRequestId));
        var request = new JsonRpcRequest { Id = id, Method = method, Params = parameters };
        using var abort = new CancellationTokenSource();
        var answer = SendInScopeAsync(request, abort.Token);
        try
        {
            return (await answer.WaitAsync(deadline.Token)).Result;
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
