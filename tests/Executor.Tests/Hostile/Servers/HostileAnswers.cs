using System.IO.Compression;
using System.Text;

namespace Executor.Tests.Hostile.Servers;

/// <summary>Answers of a server that means harm, or has lost its mind, as bytes.</summary>
internal static class HostileAnswers
{
    private static readonly string Padding = new('x', 64 * 1024);

    /// <summary>None of them says that a request was refused, so none may cost a user their grant.</summary>
    public static readonly IReadOnlyDictionary<string, SocketServer.Answering> All = new Dictionary<string, SocketServer.Answering>(StringComparer.Ordinal)
    {
        ["nothing"] = (_, _) => Task.CompletedTask,
        ["garbage"] = (write, _) => write("SENTINEL-hostile\0\u0001\r\n\r\n"),
        ["no HTTP that there is"] = (write, _) => write("HTTP/9.9 200 SENTINEL-hostile\r\n\r\n"),
        ["status beyond numbers"] = (write, _) => write("HTTP/1.1 99999 SENTINEL-hostile\r\nContent-Length: 0\r\n\r\n"),
        ["other protocol"] = (write, _) => write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: SENTINEL-hostile\r\nConnection: Upgrade\r\n\r\n"),
        ["early hints without end"] = (write, stop) => ForeverAsync(write, "HTTP/1.1 103 Early Hints\r\nX: SENTINEL-hostile\r\n\r\n", stop),
        ["redirect to metadata"] = (write, _) => write("HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/SENTINEL-hostile\r\nContent-Length: 0\r\n\r\n"),
        ["redirect to another scheme"] = (write, _) => write("HTTP/1.1 302 Go\r\nLocation: file:///etc/SENTINEL-hostile\r\nContent-Length: 0\r\n\r\n"),
        ["body without end"] = async (write, stop) =>
        {
            await write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"access_token\":\"");
            await ForeverAsync(write, Padding, stop);
        },
        ["chunks without end"] = async (write, stop) =>
        {
            await write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            await ForeverAsync(write, $"{Padding.Length:x}\r\n{Padding}\r\n", stop);
        },
        ["length beyond memory"] = (write, _) => write($"HTTP/1.1 200 OK\r\nContent-Length: {long.MaxValue}\r\n\r\n{{}}"),
        ["two lengths"] = (write, _) => write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}"),
        ["headers without end"] = async (write, stop) =>
        {
            await write("HTTP/1.1 200 OK\r\n");
            await ForeverAsync(write, "X-SENTINEL-hostile: x\r\n", stop);
        },
        ["a header without end"] = async (write, stop) =>
        {
            await write("HTTP/1.1 200 OK\r\nX-SENTINEL-hostile: ");
            await ForeverAsync(write, Padding, stop);
        },
        ["a thousand headers"] = (write, _) => write(
            $"HTTP/1.1 200 OK\r\n{string.Concat(Enumerable.Range(0, 1000).Select(i => $"X-{i}: SENTINEL-hostile\r\n"))}Content-Length: 2\r\n\r\n{{}}"),
        ["half a head and silence"] = SilentAfter("HTTP/1.1 200 OK\r\nContent-"),
        ["half a body and silence"] = SilentAfter("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":\"SENTINEL-hostile"),
        ["depth"] = (write, _) => write(Json(200, new string('[', 30_000))),
        ["depth within an object"] = (write, _) => write(Json(200, "{\"access_token\":" + string.Concat(Enumerable.Repeat("{\"a\":", 5000)))),
        ["compressed to a thousandth"] = (write, _) => write(Compressed()),
        ["line breaks in the error"] = (write, _) => write(Json(400, """{"error":"x\r\nSet-Cookie: SENTINEL-hostile","error_description":"\u001b[31mSENTINEL-hostile"}""")),
        ["line breaks in the token"] = (write, _) => write(Json(200, """{"access_token":"a\r\nX-SENTINEL-hostile: 1","token_type":"Bearer"}""")),
        ["half a character in the token"] = (write, _) => write(Json(200, """{"access_token":"\ud800SENTINEL-hostile"}""")),
        ["half a character in the refresh token"] = (write, _) => write(Json(200, """{"access_token":"a","refresh_token":"SENTINEL-hostile\udfff"}""")),
        ["token that is none"] = (write, _) => write(Json(200, """{"access_token":["SENTINEL-hostile"],"refresh_token":{"SENTINEL-hostile":1}}""")),
        ["error that is none"] = (write, _) => write(Json(400, """{"error":{"code":["SENTINEL-hostile"],"message":{"SENTINEL-hostile":1}}}""")),
        ["another's token quoted"] = (write, _) => write(Json(500, """{"error":"server_error","error_description":"user 8 has sandbox_rt_of_another_user"}""")),
        ["come back in a hundred years"] = (write, _) => write("HTTP/1.1 503 Busy\r\nRetry-After: 3153600000\r\nContent-Length: 0\r\n\r\n"),
        ["come back when time ends"] = (write, _) => write("HTTP/1.1 429 Busy\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n"),
        ["come back beyond numbers"] = (write, _) => write("HTTP/1.1 429 Busy\r\nRetry-After: 99999999999999999999999\r\nContent-Length: 0\r\n\r\n"),
        ["come back yesterday"] = (write, _) => write("HTTP/1.1 503 Busy\r\nRetry-After: -86400\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"),
    };

    public static string Json(int status, string body) =>
        $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";

    private static SocketServer.Answering SilentAfter(string text) => async (write, stop) =>
    {
        await write(text);
        await Task.Delay(Timeout.Infinite, stop);
    };

    private static async Task ForeverAsync(Func<string, Task> write, string text, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
            await write(text);
    }

    private static string Compressed()
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.SmallestSize))
            gzip.Write(Encoding.ASCII.GetBytes("{\"access_token\":\"" + new string('a', 30_000_000)));
        var body = Encoding.Latin1.GetString(bytes.ToArray());
        return $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {body.Length}\r\n\r\n{body}";
    }
}
