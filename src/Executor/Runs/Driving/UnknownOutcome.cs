using Executor.Credentials;
using Executor.Identity;
using Executor.Servers;

namespace Executor.Runs.Driving;

/// <summary>What to do about a call that may or may not have taken effect.</summary>
internal abstract record UnknownVerdict
{
    private UnknownVerdict()
    {
    }

    public sealed record Repeat : UnknownVerdict;

    public sealed record Ask : UnknownVerdict;

    /// <summary>The tool's annotations cannot be looked up just now.</summary>
    public sealed record Later(TimeSpan RetryAfter, BlockedReason Reason) : UnknownVerdict;

    /// <summary>Nor before the user has reconnected.</summary>
    public sealed record NeedsReauth(CredentialSight Seen) : UnknownVerdict;
}

internal sealed class UnknownOutcome(IMcpServerCatalog catalog, AuthorizedMcp mcp)
{
    private static readonly TimeSpan _noHurry = TimeSpan.FromSeconds(5);

    public async Task<UnknownVerdict> DecideAsync(UserId user, StepDefinition step, ProbeId probe, CancellationToken cancellationToken)
    {
        if (step.OnUnknown != OnUnknown.ByAnnotations)
            return step.OnUnknown == OnUnknown.Retry ? new UnknownVerdict.Repeat() : new UnknownVerdict.Ask();
        if (catalog.Find(step.Server) is not { } server)
            return new UnknownVerdict.Ask();
        return await mcp.ListToolsAsync(user, server, probe, cancellationToken) switch
        {
            AuthorizedOutcome<McpToolList>.Completed tools => ByAnnotations(tools.Value.Tools, step.Tool),
            AuthorizedOutcome<McpToolList>.NeedsReauth seen => new UnknownVerdict.NeedsReauth(seen.Seen),
            AuthorizedOutcome<McpToolList>.Unavailable busy => new UnknownVerdict.Later(busy.RetryAfter, busy.Reason),
            AuthorizedOutcome<McpToolList>.Failed { Failure.Code: var code } when !MayPass(code) => new UnknownVerdict.Ask(),
            AuthorizedOutcome<McpToolList>.Failed { Failure.RetryAfter: { } pause } when pause > _noHurry => new UnknownVerdict.Later(pause, BlockedReason.McpServerBusy),
            _ => new UnknownVerdict.Later(_noHurry, BlockedReason.McpServerBusy),
        };
    }

    /// <summary>Where several tools have the name, nobody knows which of them was called: all of them must allow it.</summary>
    private static UnknownVerdict ByAnnotations(IEnumerable<McpTool> tools, string name)
    {
        var named = tools.Where(tool => string.Equals(tool.Name, name, StringComparison.Ordinal)).ToList();
        return named.Count > 0 && named.TrueForAll(tool => tool.IsRepeatable) ? new UnknownVerdict.Repeat() : new UnknownVerdict.Ask();
    }

    private static bool MayPass(string code) => code
        is McpFailureCodes.Unreachable
        or McpFailureCodes.TimedOut
        or McpFailureCodes.HttpError
        or McpFailureCodes.ConnectionLost
        or McpFailureCodes.Busy;
}
