namespace Executor.Security.Endpoints;

/// <summary>No connection was opened, so nothing was sent. Names the reason, not the endpoint.</summary>
public sealed class EndpointRefusedException : Exception
{
    internal EndpointRefusedException(EndpointVerdict verdict)
        : base($"The endpoint {verdict.Text}.") => Verdict = verdict;

    public EndpointVerdict Verdict { get; }
}
