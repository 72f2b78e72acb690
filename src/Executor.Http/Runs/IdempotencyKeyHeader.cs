using System.Text.Json;
using Executor.Http.Problems;
using Executor.Identity;
using Executor.Runs;
using Microsoft.AspNetCore.Http;

namespace Executor.Http.Runs;

/// <summary>The key by which a client makes the repetition of a request safe.</summary>
internal static class IdempotencyKeyHeader
{
    public const string Name = "Idempotency-Key";
    public const int MaxLength = 255;

    public static Problem? Read(HttpRequest request, JsonElement body, out IdempotencyKey? key)
    {
        key = null;
        var values = request.Headers[Name];
        if (values.Count == 0)
            return null;
        if (values.Count > 1 || values[0] is not { Length: > 0 and <= MaxLength } text || !WellFormed.Text(text))
            return Problem.InvalidRequest($"The header {Name} must be sent once, with 1 to {MaxLength} characters");
        key = new IdempotencyKey(text, CanonicalJson.Hash(body));
        return null;
    }
}
