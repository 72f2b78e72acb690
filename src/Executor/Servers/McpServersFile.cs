using System.Text.Json;

namespace Executor.Servers;

/// <summary>The servers file: which MCP servers there are, in the shape that MCP clients share.</summary>
public static class McpServersFile
{
    private const int MaxBytes = 1024 * 1024;

    private static readonly JsonDocumentOptions Json = new()
    {
        MaxDepth = 16,
        AllowDuplicateProperties = false,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>An absent file means no servers.</summary>
    /// <param name="environment">Answers <c>${NAME}</c> in string values; null for a variable that is not set.</param>
    public static ServersFileOutcome Load(string path, Func<string, string?> environment)
    {
        byte[] text;
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
                return new ServersFileOutcome.Loaded(McpServerCatalog.Empty);
            if (file.Length > MaxBytes)
                return Invalid("The servers file is larger than 1 MiB.");
            text = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Invalid($"The servers file cannot be read ({e.GetType().Name}).");
        }

        return Parse(text, environment);
    }

    internal static ServersFileOutcome Parse(ReadOnlyMemory<byte> text, Func<string, string?> environment)
    {
        try
        {
            using var document = JsonDocument.Parse(JsonFile.WithoutMark(text), Json);
            var report = new ServersFileReport();
            var servers = ServersReader.Read(document.RootElement, report, new EnvironmentText(environment));
            return report.Errors.Count > 0
                ? new ServersFileOutcome.Invalid(report.Errors)
                : new ServersFileOutcome.Loaded(new McpServerCatalog(servers));
        }
        catch (JsonException e)
        {
            return Invalid($"The servers file {JsonFile.Complaint(e)}.");
        }
        catch (InvalidOperationException)
        {
            // How the parser reports half a surrogate pair, or broken UTF-8.
            return Invalid("The servers file holds text that is not valid Unicode.");
        }
    }

    private static ServersFileOutcome.Invalid Invalid(string error) => new([error]);
}

public abstract record ServersFileOutcome
{
    private ServersFileOutcome()
    {
    }

    public sealed record Loaded(IMcpServerCatalog Catalog) : ServersFileOutcome;

    /// <param name="Errors">Everything that is wrong; each names the place and what is allowed, and quotes no value.</param>
    public sealed record Invalid(IReadOnlyList<string> Errors) : ServersFileOutcome;
}
