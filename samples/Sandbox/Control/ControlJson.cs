using System.Text.Json;
using System.Text.Json.Serialization;

namespace Executor.Sandbox.Control;

internal static class ControlJson
{
    public static void Configure(JsonSerializerOptions json)
    {
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        // A misspelt member would silently set nothing.
        json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
    }
}
