using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Executor.Security.Endpoints;

internal static class HostRules
{
    // Names that clouds resolve to their metadata services. Most lead to an address that is refused anyway; a resolver may differ.
    private static readonly string[] _metadata =
    [
        "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal", "metadata.azure.internal",
        "metadata.tencentyun.com",
    ];

    private static readonly SearchValues<char> _hexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>Tells names from addresses as resolvers do, who read <c>127.1</c>, <c>0x7f000001</c> and <c>127.0.0.1.</c> as addresses.</summary>
    public static bool TryRead(string host, out string name, out IPAddress? address)
    {
        name = host.EndsWith('.') ? host[..^1] : host;
        if (IPAddress.TryParse(name, out address))
            return true;
        // A name whose last label is a number is not a DNS name (URL standard): what the resolver makes of it is anybody's guess.
        return name.Length > 0 && !name.EndsWith('.') && !IsNumber(name.AsSpan(name.LastIndexOf('.') + 1));
    }

    public static bool IsMetadata(string name) => Array.Exists(_metadata, metadata => IsOrIsUnder(name, metadata));

    /// <summary>RFC 6761, section 6.3: whatever is under <c>localhost</c>, too.</summary>
    public static bool IsLoopback(string name) => IsOrIsUnder(name, "localhost");

    private static bool IsOrIsUnder(string name, string domain) =>
        name.EndsWith(domain, StringComparison.OrdinalIgnoreCase)
        && (name.Length == domain.Length || name[name.Length - domain.Length - 1] == '.');

    private static bool IsNumber(ReadOnlySpan<char> label) =>
        !label.ContainsAnyExceptInRange('0', '9')
        || (label.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && !label[2..].ContainsAnyExcept(_hexDigits));
}
