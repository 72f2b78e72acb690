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

internal sealed class McpGateway : IMcpGateway, IAsyncDisposable
{
    private readonly ConnectionPool _pool;
    private readonly CallCount _calls;
    private readonly ListingTurns _listings;
    private readonly KnownTools _known;
    private readonly ToolHeaders _headers;
    private readonly McpOptions _options;
    private readonly TimeProvider _time;
    private readonly McpInstruments _instruments;
    private readonly Attempts _attempts;
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
        _pool = new ConnectionPool(new Connector(UpstreamHttp.Create(options, time), options, time), options, work, time);
        _attempts = new Attempts(_pool, options, time, logger);
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
                    new Request(user, server, bearer, Tool: null, 2 * _options.MaxListBytes),
                    _options.ListTimeout,
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
                    new Request(user, server, bearer, call.Tool, _options.MaxResultBytes),
                    call.Timeout,
                    exchange => CallAsync(exchange, call),
                    cancellationToken,
                    call.Longest);
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
    /// MCP 2026-07-28: a server that finds the headers wrong has not begun. What it wants in them may have changed. The client asks for
    /// that, and calls again.
    /// </summary>
    private async Task<McpToolResult> CallAsync(Exchange exchange, McpToolCall call)
    {
        using var stream = await exchange.ListenToServerAsync();
        var sender = new ToolCall(exchange, call);
        var headers = await _headers.FindAsync(exchange, call.Tool, anew: false);
        try
        {
            return await sender.SendAsync(headers);
        }
        catch (Exception e) when (e is RpcErrorException or UpstreamStatusException
            && exchange is { HasHandshake: false, Scope: { HasBegun: false, Reply.Error.Code: (int)McpErrorCode.HeaderMismatch } })
        {
            var latest = await _headers.FindAsync(exchange, call.Tool, anew: true);
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
        Request request, TimeSpan limit, Func<Exchange, Task<T>> send, CancellationToken cancellationToken, TimeSpan? longest = null)
    {
        using var deadline = new CallDeadline(limit, _time, cancellationToken, longest);
        return await _attempts.RunAsync(request, deadline, send, cancellationToken);
    }

    /// <summary>
    /// The bearer goes with each call, so a new token needs no new connection. A session is another matter. A server may have tied it to
    /// the account of the grant that it was opened under, and a user may reconnect as somebody else. The feed does not tell a deposit
    /// from a refresh. Refreshes are rare, so opening a session anew for each costs next to nothing.
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
}
