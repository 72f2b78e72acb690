using System.Text.Json;
using Executor.Servers;

namespace Executor.Silo.Configuration;

/// <summary>A flat JSON object whose members are named as the environment variables are.</summary>
internal static class SettingsFile
{
    public const string DefaultPath = "executor.json";

    private static readonly JsonDocumentOptions Options = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        MaxDepth = 4,
    };

    public static IReadOnlyDictionary<string, string> Read(string? path, bool mustExist, List<string> errors)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (path is null || (!mustExist && !File.Exists(path)))
            return values;
        try
        {
            using var document = JsonDocument.Parse(JsonFile.WithoutMark(File.ReadAllBytes(path)), Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                errors.Add("The settings file: must hold a JSON object.");
            else
                Read(document.RootElement, values, errors);
        }
        catch (JsonException malformed)
        {
            errors.Add($"The settings file: {JsonFile.Complaint(malformed)}.");
        }
        catch (InvalidOperationException)
        {
            // How the parser reports half a surrogate pair, or broken UTF-8.
            errors.Add("The settings file: holds text that is not valid Unicode.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.Add($"The settings file: cannot be read ({failure.GetType().Name}).");
        }

        return values;
    }

    private static void Read(JsonElement root, Dictionary<string, string> values, List<string> errors)
    {
        foreach (var member in root.EnumerateObject())
        {
            if (!Settings.All.Any(setting => setting.Name == member.Name || setting.Alias == member.Name))
                errors.Add($"The settings file: there is no setting {UnknownNames.Show(member.Name)}.{UnknownNames.Meant(member.Name)}");
            else if (member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)
                values[member.Name] = member.Value.ToString();
            else
                errors.Add($"The settings file: {member.Name} must be a string, a number or a truth value.");
        }
    }
}
