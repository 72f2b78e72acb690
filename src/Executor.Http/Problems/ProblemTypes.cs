namespace Executor.Http.Problems;

/// <summary>The <c>type</c> of every problem (RFC 9457 §3.1.1): stable, what a client may branch on.</summary>
internal static class ProblemTypes
{
    public const string InvalidRequest = "urn:executor:problem:invalid-request";
    public const string UnsupportedCharset = "urn:executor:problem:unsupported-charset";
    public const string Unauthorized = "urn:executor:problem:unauthorized";
    public const string CrossSite = "urn:executor:problem:cross-site-request";
    public const string NotFound = "urn:executor:problem:not-found";
    public const string MethodNotAllowed = "urn:executor:problem:method-not-allowed";
    public const string RequestTimeout = "urn:executor:problem:request-timeout";
    public const string TooLarge = "urn:executor:problem:body-too-large";
    public const string Internal = "urn:executor:problem:internal";
    public const string Overloaded = "urn:executor:problem:overloaded";
    public const string ShuttingDown = "urn:executor:problem:shutting-down";
    public const string StoreUnavailable = "urn:executor:problem:store-unavailable";
    public const string NotReady = "urn:executor:problem:not-ready";
    public const string EncryptionKeyMissing = "urn:executor:problem:encryption-key-missing";
    public const string TooManyCredentials = "urn:executor:problem:too-many-credentials";
    public const string NeedsReauth = "urn:executor:problem:needs-oauth-reauth";
    public const string CredentialBusy = "urn:executor:problem:credential-unavailable";
    public const string ServerUnknown = "urn:executor:problem:mcp-server-unknown";
    public const string ServerFailed = "urn:executor:problem:mcp-server-failed";
    public const string RunUnknown = "urn:executor:problem:run-unknown";
    public const string RunBusy = "urn:executor:problem:run-already-running";
    public const string RunFinished = "urn:executor:problem:run-finished";
    public const string ActionRequired = "urn:executor:problem:action-required";
    public const string ActionNotAllowed = "urn:executor:problem:action-not-allowed";
    public const string KeyReused = "urn:executor:problem:idempotency-key-reused";
}
