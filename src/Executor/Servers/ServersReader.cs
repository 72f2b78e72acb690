using System.Text.Json;
using Executor.Identity;

namespace Executor.Servers;

internal static class ServersReader
{
    private const string Servers = "mcpServers";

    public static IReadOnlyList<McpServer> Read(JsonElement root, ServersFileReport report, EnvironmentText text)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            report.Add("(root)", $"must be an object with the member '{Servers}'.");
            return [];
        }

        foreach (var member in root.EnumerateObject().Where(m => m.Name is not (Servers or "$schema")))
            report.Add(member.Name, $"is not known here; allowed are '{Servers}' and '$schema'.");
        if (!root.TryGetProperty(Servers, out var entries) || entries.ValueKind != JsonValueKind.Object)
        {
            report.Add(Servers, "must be an object of servers by id.");
            return [];
        }

        var servers = new List<McpServer>();
        foreach (var entry in entries.EnumerateObject())
        {
            if (!McpServerId.TryParse(entry.Name, out var id))
                report.Add(Servers, $"a server's id has 1 to {McpServerId.MaxLength} characters, none of them a control character.");
            else if (entry.Value.ValueKind != JsonValueKind.Object)
                report.Add(entry.Name, "must be an object.");
            else if (ReadServer(id, new MemberReader(entry.Value, entry.Name, report, text), report) is { } server)
                servers.Add(server);
        }

        return servers;
    }

    private static McpServer? ReadServer(McpServerId id, MemberReader members, ServersFileReport report)
    {
        if (members.Has("command"))
        {
            report.Add(members.At("command"), "servers started as a local process (stdio) are not supported; give the 'url' of one reached over HTTP.");
            return null;
        }

        ReadType(members, report);
        var url = ReadUrl(members, report);
        var headers = HeaderReader.Read(members, report);
        var auth = AuthReader.Read(members, headers, report);
        var userAgent = UserAgents.Read(members, headers, report);
        members.Ignore("name", "title", "description", "icon", "gallery", "alwaysAllow", "autoApprove");
        members.RefuseOthers("'url', 'type', 'headers', 'userAgent' and 'auth'");
        return url is null || auth is null ? null : new McpServer(id, url, headers, auth) { UserAgent = userAgent };
    }

    private static void ReadType(MemberReader members, ServersFileReport report)
    {
        if (members.Text("type") is not (null or "http" or "streamable-http"))
            report.Add(members.At("type"), "must be 'http' (streamable HTTP) or absent; 'stdio' and the older 'sse' are not supported.");
    }

    private static Uri? ReadUrl(MemberReader members, ServersFileReport report)
    {
        if (!members.Has("url"))
        {
            report.Add(members.At("url"), "is missing: the address of the server's MCP endpoint.");
            return null;
        }

        if (members.Text("url") is not { } text)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && url.UserInfo.Length == 0 && url.Fragment.Length == 0)
            return url;
        report.Add(members.At("url"), "must be an absolute http or https URL without user name, password or fragment.");
        return null;
    }
}
