using System.Globalization;
using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Calls;

/// <summary>A parameter's value as a header carries it: MCP 2026-07-28, Streamable HTTP, «Value Encoding».</summary>
internal static class HeaderText
{
    /// <summary>What a double holds exactly, so that whoever stands in between can compare it.</summary>
    private const long MaxSafeInteger = 9_007_199_254_740_991;

    private const NumberStyles Integer = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <returns>Null for an integer that is none, or out of the safe range.</returns>
    public static string? Of(JsonElement value, bool isInteger)
    {
        if (value.ValueKind != JsonValueKind.Number)
            return value.ValueKind == JsonValueKind.String ? McpHeaderEncoder.EncodeValue(value.GetString()) : McpHeaderEncoder.ConvertToHeaderValue(value);
        if (!isInteger)
            return value.GetRawText();
        // 42.0 and 4.2e1 are the integer 42.
        return long.TryParse(value.GetRawText(), Integer, CultureInfo.InvariantCulture, out var integer) && integer is >= -MaxSafeInteger and <= MaxSafeInteger
            ? integer.ToString(CultureInfo.InvariantCulture)
            : null;
    }
}
