using Executor.Credentials;
using Executor.Identity;
using Executor.Mcp.Connections;
using Executor.Mcp.Http;
using Executor.Servers;
using Microsoft.Extensions.Logging;

namespace Executor.Mcp.Calls;

/// <summary>What is asked of a server for a user.</summary>
/// <param name="Tool">The tool that is called; null for what runs none and may be repeated as one likes.</param>
internal sealed record Request(UserId User, McpServer Server, AccessToken? Bearer, string? Tool, long MaxBytes);

/// <summary>
/// Makes a request, and asks what <see cref="FailureTable"/> wants to know. It makes it a second time where the table says that the first
/// one was not looked at.
/// </summary>
internal sealed partial class Attempts(ConnectionPool pool, McpOptions options, TimeProvider time, ILogger logger)
{
    public async Task<McpOutcome<T>> RunAsync<T>(Request request, CallDeadline deadline, Func<Exchange, Task<T>> send, CancellationToken cancellationToken)
    {
        // No server can accept it, and it must not break out of its header.
        if (request.Bearer is { } token && token.Value.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return new McpOutcome<T>.Unauthorized();

        var repeated = false;
        (Answered Answered, string? Version)? doubted = null;
        while (true)
        {
            RentResult rent;
            try
            {
                rent = await pool.RentAsync(request.User, request.Server, request.Bearer, deadline.Token);
            }
            catch (OperationCanceledException) when (deadline.Passed && !cancellationToken.IsCancellationRequested)
            {
                return new McpOutcome<T>.Failed(Failures.TimedOut(sent: false));
            }

            if (rent is RentResult.Unauthorized)
                return new McpOutcome<T>.Unauthorized();
            if (rent is not RentResult.Rented { Lease: var lease })
                return new McpOutcome<T>.Failed(((RentResult.Failed)rent).Failure);

            using (lease)
            {
                Answered answered;
                if (doubted is { } doubt && doubt.Version == lease.ProtocolVersion)
                {
                    answered = doubt.Answered with { IsUnproven = false };
                }
                else
                {
                    var scope = Scope(request, lease, request.MaxBytes);
                    try
                    {
                        var value = await send(new Exchange(lease, scope, deadline, options, time));
                        lease.Confirm(request.Bearer);
                        return new McpOutcome<T>.Completed(value);
                    }
                    catch (OperationCanceledException) when (deadline.Token.IsCancellationRequested)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        return new McpOutcome<T>.Failed(Failures.TimedOut(scope.Sent || scope.HasBegun));
                    }
                    catch (RefusedResultException refused)
                    {
                        lease.Confirm(request.Bearer);
                        Log.CallFailed(logger, request.Server.Id.Value, "result refused", refused.Failure.Code);
                        return new McpOutcome<T>.Failed(refused.Failure);
                    }
                    catch (Exception e) when (Failures.IsUpstream(e, scope))
                    {
                        answered = Answered.Of(e, scope) with { Tool = request.Tool, IsUnproven = lease.IsUnproven && !repeated };
                    }
                }

                (answered, var row) = await JudgeAsync(answered, request, lease, deadline);
                GiveUp(lease, row.Session);
                doubted = row.Sequel == Sequel.AskVersion ? (answered, lease.ProtocolVersion) : null;
                if (doubted is not null || (!repeated && MayRepeat(row, answered)))
                {
                    repeated = true;
                    Log.Repeated(logger, request.Server.Id.Value, row.Name);
                    continue;
                }

                Log.CallFailed(logger, request.Server.Id.Value, row.Name, row.Code);
                // A 401 that spoke of a session, too, once a new one has not helped.
                return row.Sequel == Sequel.Reauthorize || answered is { Http: 401, HasBegun: false }
                    ? new McpOutcome<T>.Unauthorized()
                    : new McpOutcome<T>.Failed(FailureTable.Of(row, answered));
            }
        }
    }

    /// <summary>What runs no tool may be repeated whenever its session may have been at fault.</summary>
    private static bool MayRepeat(FailureRow row, Answered answered) =>
        row.Sequel == Sequel.Again
        || (answered.Tool is null && row.Session != SessionFate.Alive && (answered.NamedSession || row.Sequel == Sequel.AskSession));

    private static void GiveUp(ConnectionLease lease, SessionFate fate)
    {
        switch (fate)
        {
            case SessionFate.GivenUp:
                lease.Retire();
                break;
            case SessionFate.Lost:
                lease.RetireLostSession();
                break;
            case SessionFate.OtherVersion:
                lease.RetireUnknownProtocol();
                break;
        }
    }

    private static CallScope Scope(Request request, ConnectionLease lease, long maxBytes) =>
        new(request.Server, ScopePurpose.Call, () => request.Bearer, new ByteBudget(maxBytes)) { ProtocolVersion = lease.ProtocolVersion };

    private async Task<(Answered Answered, FailureRow Row)> JudgeAsync(Answered answered, Request request, ConnectionLease lease, CallDeadline deadline)
    {
        while (true)
        {
            var row = FailureTable.Find(answered);
            if (row.Sequel == Sequel.AskListing)
                answered = answered with { IsListed = request.Tool is null || await IsListedAsync(request, request.Tool, lease, deadline) };
            else if (row.Sequel == Sequel.AskSession && request.Tool is not null)
                answered = answered with { SessionAnswers = await SessionAnswersAsync(answered, request, lease, deadline) };
            else
                return (answered, row);
        }
    }

    /// <summary>True as well when it cannot be found out.</summary>
    private async Task<bool> IsListedAsync(Request request, string tool, ConnectionLease lease, CallDeadline deadline)
    {
        var tools = await AskAsync(request, lease, deadline, options.ListTimeout, exchange => ToolListing.SendAsync(exchange, options));
        return tools is not { Value: { } listed } || listed.HasSeen(tool);
    }

    /// <summary>A session that is known answers a ping, whatever it thinks of the call. True as well when it cannot be found out.</summary>
    private async Task<bool> SessionAnswersAsync(Answered call, Request request, ConnectionLease lease, CallDeadline deadline)
    {
        var answer = await AskAsync(request, lease, deadline, options.PingTimeout, exchange => exchange.SendAsync("ping", []));
        return answer.Failed is not { } refused || !refused.IsRefusedLike(call);
    }

    private async Task<(T? Value, Answered? Failed)> AskAsync<T>(
        Request request, ConnectionLease lease, CallDeadline deadline, TimeSpan limit, Func<Exchange, Task<T>> ask)
    {
        using var own = new CallDeadline(limit, time, deadline.Token);
        var scope = Scope(request, lease, 2 * options.MaxListBytes);
        try
        {
            return (await ask(new Exchange(lease, scope, own, options, time)), null);
        }
        catch (Exception e) when (Failures.IsUpstream(e, scope))
        {
            return (default, Answered.Of(e, scope));
        }
    }

    private static partial class Log
    {
        // A row's name alone: exceptions quote the server.
        [LoggerMessage(Level = LogLevel.Debug, Message = "A call to MCP server {Server} was turned away: {Row}. It is made once more")]
        public static partial void Repeated(ILogger logger, string server, string row);

        [LoggerMessage(Level = LogLevel.Debug, Message = "A call to MCP server {Server} failed: {Row} ({Code})")]
        public static partial void CallFailed(ILogger logger, string server, string row, string code);
    }
}
