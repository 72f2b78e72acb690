namespace Executor.Security.Endpoints;

public enum EndpointPolicy
{
    /// <summary>The default, also for whatever is unset or misspelled.</summary>
    Strict = 0,

    /// <summary>Allows http and loopback, nothing more.</summary>
    Development,
}
