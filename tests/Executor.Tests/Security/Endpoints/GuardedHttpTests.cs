using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Executor.Security.Endpoints;
using R = Executor.Security.Endpoints.EndpointRefusal;

namespace Executor.Tests.Security.Endpoints;

public sealed class GuardedHttpTests : IDisposable
{
    private static readonly EndpointGuard _strict = new(EndpointPolicy.Strict);
    private static readonly EndpointGuard _development = new(EndpointPolicy.Development);

    private readonly RawServer _server = new();
    private readonly List<string> _resolved = [];

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("127.0.0.1", R.Loopback)]
    [InlineData("::1", R.Loopback)]
    [InlineData("::ffff:127.0.0.1", R.Loopback)]
    [InlineData("::127.0.0.1", R.Loopback)]
    [InlineData("64:ff9b::7f00:1", R.Loopback)]
    [InlineData("169.254.169.254", R.Metadata)]
    [InlineData("fd00:ec2::254", R.Metadata)]
    [InlineData("fe80::1", R.LinkLocal)]
    [InlineData("0.0.0.0", R.Unspecified)]
    [InlineData("::", R.Unspecified)]
    [InlineData("255.255.255.255", R.Multicast)]
    public async Task Name_that_resolves_to_a_refused_address_is_not_connected_to(string address, R refusal)
    {
        using var client = Client(_strict, address);

        var refused = await RefusedAsync(client, $"https://idp.example.com:{_server.Port}/t?secret=hunter2");

        Assert.Equal(refusal, refused.Verdict.Refusal);
        Assert.Equal(["idp.example.com"], _resolved);
        Assert.Equal(0, _server.Connections);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("idp.example.com", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", "169.254.169.254")]
    [InlineData("169.254.169.254", "127.0.0.1")]
    public async Task Name_with_one_refused_address_among_allowed_ones_is_not_connected_to(params string[] addresses)
    {
        using var client = Client(_development, addresses);

        Assert.Equal(R.Metadata, (await RefusedAsync(client, $"http://idp.example.com:{_server.Port}/")).Verdict.Refusal);
        Assert.Equal(0, _server.Connections);
    }

    [Theory]
    [InlineData("https://127.0.0.1.:{0}/", R.Loopback)]
    [InlineData("https://127.1.:{0}/", R.Loopback)]
    [InlineData("https://0x7f000001.:{0}/", R.Loopback)]
    [InlineData("https://[::1]:{0}/", R.Loopback)]
    [InlineData("https://localhost.:{0}/", R.Loopback)]
    [InlineData("https://metadata.google.internal:{0}/", R.Metadata)]
    [InlineData("https://１２７.0.0.1:{0}/", R.InvalidHost)]
    [InlineData("https://127。0。0。1:{0}/", R.InvalidHost)]
    [InlineData("http://idp.example.com:{0}/", R.TlsRequired)]
    [InlineData("https://user:hunter2@idp.example.com:{0}/", R.UserInfo)]
    public async Task Url_that_nobody_checked_before_is_refused_when_connecting(string url, R refusal)
    {
        using var client = Client(_strict, "10.0.0.5");

        var refused = await RefusedAsync(client, string.Format(null, url, _server.Port));

        Assert.Equal(refusal, refused.Verdict.Refusal);
        Assert.Empty(_resolved);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0177.0.0.1")]
    [InlineData("0x7f000001")]
    public async Task Number_that_the_url_parser_reads_as_loopback_is_refused_when_connecting(string host)
    {
        using var client = Client(_strict, "10.0.0.5");

        Assert.Equal(R.Loopback, (await RefusedAsync(client, $"https://{host}:{_server.Port}/")).Verdict.Refusal);
    }

    [Fact]
    public async Task Connection_goes_to_the_address_that_was_checked_though_the_name_resolves_differently_next_time()
    {
        var answers = new Queue<string>(["127.0.0.1", "169.254.169.254"]);
        using var client = Client(_development, (_, _) => Task.FromResult(new[] { IPAddress.Parse(answers.Dequeue()) }));
        var url = $"http://idp.example.com:{_server.Port}/";

        using var response = await client.GetAsync(url);
        var refused = await RefusedAsync(client, url);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(R.Metadata, refused.Verdict.Refusal);
        Assert.Equal(1, _server.Connections);
    }

    [Fact]
    public async Task Addresses_are_tried_in_turn()
    {
        // The server listens on 127.0.0.1 only.
        using var client = Client(_development, "127.0.0.2", "127.0.0.3", "127.0.0.1");

        using var response = await client.GetAsync($"http://idp.example.com:{_server.Port}/");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task When_no_address_answers_the_failure_is_an_ordinary_connection_error()
    {
        using var client = Client(_development, "127.0.0.2", "127.0.0.3");

        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"http://idp.example.com:{_server.Port}/"));

        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(exception.InnerException).SocketErrorCode);
        Assert.Equal(HttpRequestError.ConnectionError, exception.HttpRequestError);
    }

    [Fact]
    public async Task Name_without_addresses_is_an_ordinary_resolution_error()
    {
        using var client = Client(_development);

        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("http://idp.example.com/"));

        Assert.Equal(HttpRequestError.NameResolutionError, exception.HttpRequestError);
    }

    [Fact]
    public async Task Literal_address_is_connected_to_without_resolving()
    {
        using var client = Client(_development, "10.0.0.5");

        using var response = await client.GetAsync($"http://127.0.0.1:{_server.Port}/");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(_resolved);
    }

    [Fact]
    public async Task Slow_resolver_is_cut_off_by_the_connect_timeout()
    {
        var cancelled = new TaskCompletionSource();
        using var client = new HttpClient(GuardedHttp.CreateHandler(_development, new GuardedHttpOptions
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(50),
            Resolve = async (_, cancellationToken) =>
            {
                await using var registration = cancellationToken.Register(cancelled.SetResult);
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return [];
            },
        }));

        await Assert.ThrowsAsync<TaskCanceledException>(() => client.GetAsync($"http://idp.example.com:{_server.Port}/"));

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Every_request_has_a_connection_of_its_own()
    {
        using var client = Client(_development, "127.0.0.1");

        for (var i = 0; i < 3; i++)
        {
            using var response = await client.GetAsync($"http://idp.example.com:{_server.Port}/");
            Assert.Equal("ok", await response.Content.ReadAsStringAsync());
        }

        Assert.Equal(3, _server.Connections);
    }

    [Fact]
    public async Task Connections_are_reused_where_that_is_asked_for()
    {
        using var client = new HttpClient(GuardedHttp.CreateHandler(_development, new GuardedHttpOptions { ReuseConnections = true }));

        for (var i = 0; i < 3; i++)
        {
            using var response = await client.GetAsync($"http://127.0.0.1:{_server.Port}/");
            Assert.Equal("ok", await response.Content.ReadAsStringAsync());
        }

        Assert.Equal(1, _server.Connections);
    }

    [Fact]
    public async Task Request_whose_connection_closes_without_an_answer_is_not_sent_again()
    {
        _server.Answer = null;
        using var client = Client(_development, "127.0.0.1");

        await Assert.ThrowsAsync<HttpRequestException>(() =>
            client.PostAsync($"http://idp.example.com:{_server.Port}/", new StringContent("refresh_token=x")));

        Assert.Equal(1, _server.Connections);
        Assert.Single(_server.Requests);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirect_is_not_followed(int status)
    {
        _server.Answer = $"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:{_server.Port}/elsewhere\r\nContent-Length: 0\r\n\r\n";
        using var client = Client(_development, "127.0.0.1");

        using var response = await client.PostAsync($"http://idp.example.com:{_server.Port}/", new StringContent("refresh_token=x"));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Cookies_are_not_kept_and_nothing_is_added_to_the_request()
    {
        _server.Answer = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n";
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        activity.AddBaggage("user", "42");
        using var client = Client(_development, "127.0.0.1");

        for (var i = 0; i < 2; i++)
            (await client.GetAsync($"http://idp.example.com:{_server.Port}/")).Dispose();

        Assert.Equal(2, _server.Requests.Count);
        Assert.All(_server.Requests, request => Assert.Equal($"GET / HTTP/1.1\r\nHost: idp.example.com:{_server.Port}\r\n\r\n", request));
    }

    [Fact]
    public async Task Answer_with_endless_headers_is_refused()
    {
        _server.Answer = $"HTTP/1.1 200 OK\r\nX: {new string('x', 64 * 1024)}\r\nContent-Length: 0\r\n\r\n";
        using var client = Client(_development, "127.0.0.1");

        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"http://idp.example.com:{_server.Port}/"));

        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, exception.HttpRequestError);
    }

    [Fact]
    public async Task Compressed_answer_is_left_compressed()
    {
        _server.Answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc";
        using var client = Client(_development, "127.0.0.1");

        Assert.Equal("abc", await client.GetStringAsync($"http://idp.example.com:{_server.Port}/"));
    }

    [Fact]
    public async Task Proxy_is_used_only_when_configured()
    {
        using var proxied = new HttpClient(GuardedHttp.CreateHandler(_strict, new GuardedHttpOptions
        {
            Proxy = new WebProxy($"http://127.0.0.1:{_server.Port}"),
        }));

        using var response = await proxied.GetAsync("http://idp.example.com/t");

        Assert.StartsWith("GET http://idp.example.com/t HTTP/1.1", Assert.Single(_server.Requests), StringComparison.Ordinal);
        Assert.False(GuardedHttp.CreateHandler(_strict).UseProxy);
    }

    private HttpClient Client(EndpointGuard guard, params string[] addresses) => Client(guard, (name, _) =>
    {
        _resolved.Add(name);
        return Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse));
    });

    private static HttpClient Client(EndpointGuard guard, Func<string, CancellationToken, Task<IPAddress[]>> resolve) =>
        new(GuardedHttp.CreateHandler(guard, new GuardedHttpOptions { Resolve = resolve }));

    private static async Task<EndpointRefusedException> RefusedAsync(HttpClient client, string url)
    {
        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(url));
        return Assert.IsType<EndpointRefusedException>(exception.InnerException);
    }
}
