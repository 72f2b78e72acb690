using System.Net;
using Executor.Credentials;
using Executor.Identity;
using Executor.Mcp.Calls;
using Executor.Mcp.Connections;
using Executor.Mcp.Http;
using Executor.Nodes;
using Executor.Servers;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;

namespace Executor.Mcp;

internal sealed partial class McpGateway : IMcpGateway, IAsyncDisposable
{
    private readonly ConnectionPool _pool;
    private readonly CallCount _calls;
    private readonly ListingTurns _listings;
    private readonly KnownTools _known;
    private readonly ToolHeaders _headers;
    private readonly McpOptions _options;
    private readonly TimeProvider _time;
    private readonly McpInstruments _instruments;
    private readonly ILogger _logger;
    private readonly IDisposable _changes;

    public McpGateway(McpOptions options, TimeProvider time, IDetachedWork work, IChangeFeed changes, McpInstruments instruments, ILogger<McpGateway> logger)
    {
        _options = options;
        _calls = new CallCount(options.MaxCallsPerServer);
        _listings = new ListingTurns(options.MaxListingsPerServer);
        _known = new KnownTools(time);
        _headers = new ToolHeaders(_known, options);
        _time = time;
        _instruments = instruments;
        _logger = logger;
        _pool = new ConnectionPool(new Connector(UpstreamHttp.Create(options), options, time), options, work, time);
        _changes = changes.Subscribe(OnChange);
        instruments.Observe(() => _pool.Open);
    }

    public Task<McpOutcome<McpToolList>> ListToolsAsync(
        UserId user, McpServer server, AccessToken? bearer, CancellationToken cancellationToken) =>
        _instruments.MeasureAsync("tools/list", server.Id, async () =>
        {
            if (!await BeginListingAsync(user, server, cancellationToken))
                return new McpOutcome<McpToolList>.Failed(Failures.Busy);
            McpOutcome<McpToolList> outcome;
            try
            {
                outcome = await RunAsync(
                    user,
                    server,
                    bearer,
                    _options.ListTimeout,
                    2 * _options.MaxListBytes,
                    exchange => ListAsync(exchange, server),
                    cancellationToken);
            }
            finally
            {
                _listings.End(server.Id);
            }

            // A listing runs nothing, however it ends.
            return outcome is McpOutcome<McpToolList>.Failed { Failure: var failure }
                ? new McpOutcome<McpToolList>.Failed(failure with { Effect = McpEffect.None })
                : outcome;
        });

    public Task<McpOutcome<McpToolResult>> CallToolAsync(
        UserId user, McpServer server, AccessToken? bearer, McpToolCall call, CancellationToken cancellationToken) =>
        _instruments.MeasureAsync<McpToolResult>("tools/call", server.Id, async () =>
        {
            // The name travels in a header as well.
            if (!WellFormed.Text(call.Tool))
                return new McpOutcome<McpToolResult>.Failed(Failures.UnsendableName);
            if (!_calls.TryBegin(server.Id))
                return new McpOutcome<McpToolResult>.Failed(Failures.Busy);
            try
            {
                return await RunAsync(
                    user, server, bearer, call.Timeout, _options.MaxResultBytes, exchange => CallAsync(exchange, call, cancellationToken), cancellationToken);
            }
            finally
            {
                _calls.End(server.Id);
            }
        });

    public async ValueTask DisposeAsync()
    {
        _changes.Dispose();
        await _pool.DisposeAsync();
    }

    private async Task<McpToolList> ListAsync(Exchange exchange, McpServer server)
    {
        var listing = await ToolListing.SendAsync(exchange, _options);
        if (!exchange.HasHandshake)
            _known.Learn(server.Id, listing);
        return listing.Read();
    }

    /// <summary>
    /// MCP 2026-07-28: a server that finds the headers wrong has not begun, and what it wants in them may have changed; the client asks,
    /// and calls again.
    /// </summary>
    private async Task<McpToolResult> CallAsync(Exchange exchange, McpToolCall call, CancellationToken cancellationToken)
    {
        var sender = new ToolCall(exchange, call);
        var headers = await _headers.FindAsync(exchange, call.Tool, anew: false, cancellationToken);
        try
        {
            return await sender.SendAsync(headers);
        }
        catch (McpProtocolException e) when (e.ErrorCode == McpErrorCode.HeaderMismatch && !exchange.HasHandshake)
        {
            var latest = await _headers.FindAsync(exchange, call.Tool, anew: true, cancellationToken);
            if (latest == headers)
                throw;
            return await sender.SendAsync(latest);
        }
    }

    /// <returns>False when its turn did not come in time.</returns>
    private async Task<bool> BeginListingAsync(UserId user, McpServer server, CancellationToken cancellationToken)
    {
        using var wait = new CallDeadline(_options.ListTimeout, _time, cancellationToken);
        try
        {
            await _listings.BeginAsync(user, server.Id, wait.Token);
            return true;
        }
        catch (OperationCanceledException) when (wait.Passed && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<McpOutcome<T>> RunAsync<T>(
        UserId user,
        McpServer server,
        AccessToken? bearer,
        TimeSpan limit,
        long maxBytes,
        Func<Exchange, Task<T>> send,
        CancellationToken cancellationToken)
    {
        // No server can accept it, and it must not break out of its header.
        if (bearer is { } token && token.Value.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return new McpOutcome<T>.Unauthorized();

        using var deadline = new CallDeadline(limit, _time, cancellationToken);
        var repeated = false;
        while (true)
        {
            RentResult rent;
            try
            {
                rent = await _pool.RentAsync(user, server, bearer, deadline.Token);
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
                var scope = new CallScope(server, ScopePurpose.Call, () => bearer, new ByteBudget(maxBytes)) { ProtocolVersion = lease.ProtocolVersion };
                try
                {
                    var value = await send(new Exchange(lease, scope, deadline, _options, _time));
                    lease.Confirm(bearer);
                    return new McpOutcome<T>.Completed(value);
                }
                catch (OperationCanceledException) when (deadline.Token.IsCancellationRequested)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    return new McpOutcome<T>.Failed(Failures.TimedOut(scope.Sent));
                }
                catch (RefusedResultException refused)
                {
                    lease.Confirm(bearer);
                    Log.CallFailed(_logger, server.Id.Value, refused.Failure.Code, refused.GetType().Name);
                    return new McpOutcome<T>.Failed(refused.Failure);
                }
                catch (Exception e) when (Failures.IsUpstream(e, scope))
                {
                    if (TurnedAway(e, lease, scope) && !repeated)
                    {
                        repeated = true;
                        continue;
                    }

                    if (e is UpstreamStatusException { Status: HttpStatusCode.Unauthorized })
                        return new McpOutcome<T>.Unauthorized();
                    var failure = Failures.OfException(e, scope);
                    Log.CallFailed(_logger, server.Id.Value, failure.Code, e.GetType().Name);
                    return new McpOutcome<T>.Failed(failure);
                }
            }
        }
    }

    /// <summary>
    /// Retires a connection that is of no more use. True when the request was turned away for the connection's sake, before anything
    /// looked at the call, so that sending it once more on a new one cannot run it twice.
    /// </summary>
    private static bool TurnedAway(Exception e, ConnectionLease lease, CallScope scope)
    {
        switch (e)
        {
            // The transport's specification: 404 to a request that names a session means that the session has ended, and the
            // client starts a new one. Sessions are looked up before messages are dispatched.
            case UpstreamStatusException { Status: HttpStatusCode.NotFound } when scope.NamedSession:
                lease.RetireLostSession();
                return true;

            // A server taken back to an older version, which wants its handshake first. Parameters that are wrong, and an error
            // inside the server, are about the call itself.
            case UnsupportedProtocolVersionException:
            case UpstreamStatusException { Status: HttpStatusCode.BadRequest or HttpStatusCode.NotFound } when lease.IsUnproven:
            case McpProtocolException { ErrorCode: not (McpErrorCode.InvalidParams or McpErrorCode.InternalError) }
                when lease.IsUnproven && scope.Status == HttpStatusCode.BadRequest:
                lease.RetireUnknownProtocol();
                return true;

            // Some servers say 400 to a session that they do not know. What was wrong is not known, so nothing is repeated, but
            // the next call starts afresh.
            case UpstreamStatusException { Status: HttpStatusCode.BadRequest } when scope.NamedSession:
            case McpProtocolException when scope is { NamedSession: true, Status: HttpStatusCode.BadRequest }:
                lease.Retire();
                return false;

            // The server may have been started anew without its sessions.
            case HttpRequestException or IOException or OperationCanceledException:
            case McpException and not McpProtocolException:
                lease.Retire();
                return false;

            default:
                return false;
        }
    }

    /// <summary>
    /// The bearer goes with each call, so that a new token needs no new connection. A session is another matter: a server may have
    /// tied it to the account of the grant it was opened under, and a user may reconnect as somebody else. The feed does not tell a
    /// deposit from a refresh; a refresh is rare enough that opening its session anew costs nothing worth telling them apart for.
    /// </summary>
    private void OnChange(Change change)
    {
        if (change is Change.Credential { Key: var key })
            _pool.RetireWhere(new ConnectionKey(key.User, key.Server), HasSession);
        else if (change is Change.Gap)
            _pool.RetireWhere(null, HasSession);
    }

    /// <summary>One that is still being opened may end up with a session, opened under a grant that is gone.</summary>
    private static bool HasSession(PooledConnection connection) =>
        connection.Server.Auth is McpServerAuth.OAuth2
        && (!connection.Ready.Task.IsCompletedSuccessfully
            || connection.Ready.Task.Result is ConnectResult.Connected { Client.SessionId: not null });

    private static partial class Log
    {
        // The exception's type alone: its message may quote the server.
        [LoggerMessage(Level = LogLevel.Debug, Message = "A call to MCP server {Server} failed with {Code} ({ExceptionType})")]
        public static partial void CallFailed(ILogger logger, string server, string code, string exceptionType);
    }
}
