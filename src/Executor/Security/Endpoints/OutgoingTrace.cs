using System.Diagnostics;

namespace Executor.Security.Endpoints;

/// <summary>
/// What a stranger is told of the trace that a request belongs to: nothing, or its <c>traceparent</c> (W3C Trace Context). That is two
/// random numbers. A stranger is never told <c>tracestate</c> or <c>baggage</c>: a caller may have put anything there, such as names and
/// tenants.
/// </summary>
public sealed class OutgoingTrace : DistributedContextPropagator
{
    public const string Traceparent = "traceparent";

    private static readonly OutgoingTrace Nothing = new(false);
    private static readonly OutgoingTrace ParentAlone = new(true);

    private readonly bool _sends;

    private OutgoingTrace(bool sends) => _sends = sends;

    public override IReadOnlyCollection<string> Fields => _sends ? [Traceparent] : [];

    public static OutgoingTrace For(bool sendTraceparent) => sendTraceparent ? ParentAlone : Nothing;

    /// <returns>Null where nothing is to be told.</returns>
    public string? ParentOf(Activity? activity) => _sends && activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : null;

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        if (ParentOf(activity) is { } parent)
            setter?.Invoke(carrier, Traceparent, parent);
    }

    /// <summary>It stands at the way out only.</summary>
    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
        (traceId, traceState) = (null, null);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
