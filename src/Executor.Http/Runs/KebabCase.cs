using System.Text.Json;
using System.Text.Json.Serialization;

namespace Executor.Http.Runs;

internal sealed class KebabCase<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
