using Executor.Credentials;
using Executor.Identity;
using Executor.Servers;
using Executor.Simulation.Cluster;
using Executor.Simulation.Rules;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Tools;

/// <summary>The MCP servers, above HTTP: they look at the bearer, run their tools, count, and are as unreliable as others.</summary>
internal sealed class SimulatedGateway(World world, SimulatedNode node) : IMcpGateway
{
    private enum CallFault
    {
        None,
        NoConnection,
        Busy,
        RequestLost,
        ConnectionBreaks,
        AnswerLost,
        ErrorPage,
        Slow,
        Hangs,
        ToolFails,
    }

    public async Task<McpOutcome<McpToolList>> ListToolsAsync(
        UserId user, McpServer server, AccessToken? bearer, CancellationToken cancellationToken)
    {
        var fault = Draw();
        await node.Arrive(world.Latency() * 2, cancellationToken);
        if (fault is not (CallFault.None or CallFault.ToolFails))
            return new McpOutcome<McpToolList>.Failed(Failed(McpFailureCodes.Unreachable, McpEffect.None));
        return Accepts(user, server, bearer, isTool: false)
            ? new McpOutcome<McpToolList>.Completed(ToolServer.Tools)
            : new McpOutcome<McpToolList>.Unauthorized();
    }

    public async Task<McpOutcome<McpToolResult>> CallToolAsync(
        UserId user, McpServer server, AccessToken? bearer, McpToolCall call, CancellationToken cancellationToken)
    {
        var fault = Draw();
        var begun = world.RunRules.Calling(call.IdempotencyKey, node);
        await node.Arrive(world.Latency(), cancellationToken);
        if (fault == CallFault.NoConnection)
            return Failure(McpFailureCodes.Unreachable, McpEffect.None);
        if (fault == CallFault.Busy)
            return Failure(McpFailureCodes.Busy, McpEffect.None);

        var answer = new TaskCompletionSource<McpOutcome<McpToolResult>>();
        await using var cancelled = cancellationToken.Register(() => answer.TrySetCanceled(cancellationToken));
        Send(new Request(user, server, bearer, call.Tool, begun, fault, answer));
        node.Receive(call.Timeout, _ => answer.TrySetResult(Failure(McpFailureCodes.TimedOut, McpEffect.Unknown)));
        return await answer.Task;
    }

    private void Send(Request request)
    {
        var (fault, answer, dice) = (request.Fault, request.Answer, world.NetworkDice);
        if (fault == CallFault.RequestLost || (fault == CallFault.ConnectionBreaks && dice.OneIn(2)))
        {
            Deliver(answer, Failure(McpFailureCodes.ConnectionLost, McpEffect.Unknown), dice.Between(0, 1));
            if (fault == CallFault.RequestLost)
                return;
        }

        request.Begun?.Sent();
        var way = fault == CallFault.ConnectionBreaks ? dice.Seconds(0.1, 2, 15) : world.Latency();
        world.Timeline.After(way, _ => Process(request));
    }

    private void Process(Request request)
    {
        var (fault, answer, dice) = (request.Fault, request.Answer, world.NetworkDice);
        if (!Accepts(request.User, request.Server, request.Bearer, isTool: true))
        {
            request.Begun?.TurnedAway();
            Deliver(answer, new McpOutcome<McpToolResult>.Unauthorized(), world.Latency());
            return;
        }

        request.Begun?.Executed();
        world.Tally.Add("tools", "executed");
        world.Trace.Note("tool", "runs", request.Tool);
        switch (fault)
        {
            case CallFault.ConnectionBreaks or CallFault.AnswerLost:
                Deliver(answer, Failure(McpFailureCodes.ConnectionLost, McpEffect.Unknown), dice.Between(0, 3));
                break;
            case CallFault.ErrorPage:
                Deliver(answer, Failure(McpFailureCodes.HttpError, McpEffect.Unknown), world.Latency());
                break;
            case CallFault.Hangs:
                break;
            default:
                var result = fault == CallFault.ToolFails ? ToolServer.Failure : ToolServer.Result;
                var takes = fault == CallFault.Slow ? dice.Seconds(1, 5, 12) : world.Latency();
                Deliver(answer, new McpOutcome<McpToolResult>.Completed(result), takes);
                break;
        }
    }

    private bool Accepts(UserId user, McpServer server, AccessToken? bearer, bool isTool)
    {
        var accepts = world.ResourceOf(server.Id).Accepts(bearer?.Value, isTool);
        var key = new CredentialKey(user, server.Id);
        if (accepts)
            world.CredentialRules.Accepted(key);
        else if (bearer is { } token)
            world.CredentialRules.Rejected(key, token.Value);
        return accepts;
    }

    private CallFault Draw()
    {
        if (!world.Plan.HasFaults || world.IsCalm || world.NetworkDice.Next(4) != 0)
            return CallFault.None;
        var fault = (CallFault)world.NetworkDice.Next(10);
        world.Tally.Add("mcp", fault);
        return fault;
    }

    private void Deliver(TaskCompletionSource<McpOutcome<McpToolResult>> answer, McpOutcome<McpToolResult> outcome, TimeSpan after) =>
        node.Receive(after, _ => answer.TrySetResult(outcome));

    private static McpOutcome<McpToolResult> Failure(string code, McpEffect effect) => new McpOutcome<McpToolResult>.Failed(Failed(code, effect));

    private static McpFailure Failed(string code, McpEffect effect) => new(code, "It did not work.", effect);

    /// <param name="Begun">The beginning of a step that it is made under.</param>
    private sealed record Request(
        UserId User,
        McpServer Server,
        AccessToken? Bearer,
        string Tool,
        BegunStep? Begun,
        CallFault Fault,
        TaskCompletionSource<McpOutcome<McpToolResult>> Answer);
}
