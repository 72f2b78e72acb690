namespace Executor.Runs;

/// <summary>Codes of failed steps, besides those of <see cref="Servers.McpFailureCodes"/>.</summary>
public static class StepErrorCodes
{
    public const string ArgumentsInvalid = "step_arguments_invalid";
    public const string ServerUnknown = "mcp_server_unknown";
    public const string ToolFailed = "mcp_tool_failed";
    public const string EncryptionKeyMissing = "executor_encryption_key_missing";

    /// <summary>No token or no free connection throughout <see cref="RunOptions.BlockedLimit"/>.</summary>
    public const string Unavailable = "step_unavailable";
    public const string Internal = "internal_error";
}
