using System.Net;
using System.Text;
using System.Text.Json;
using Executor.Credentials;
using Executor.Credentials.Refresh;
using Executor.Http.Authentication;
using Executor.Http.Bodies;
using Executor.Http.Credentials;
using Executor.Http.Runs;
using Executor.Identity;
using Executor.Runs;
using Executor.Runs.Templates;
using Executor.Security;
using Executor.Servers;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Executor.Tests.Properties;

/// <summary>
/// Whatever is read was written by somebody: no text makes a reader throw what its callers do not expect, and what it accepts is within
/// the limits.
/// </summary>
public sealed class ParserTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);

    [Fact]
    public void Deposit_is_refused_or_within_the_limits() => Property.Holds(
        RandomJson.Bytes("mcpServerId", "refreshToken", "tokenEndpoint", "clientId", "clientSecret", "clientSecretExpiresAt", "tokenEndpointAuthMethod", "scopes"),
        json => Read(json, (root, issues) =>
        {
            var (server, deposit) = DepositReader.Read(root, Now, issues);
            if (issues.Any)
                return;
            Assert.InRange(server.Value.Length, 1, McpServerId.MaxLength);
            Assert.InRange(deposit.RefreshToken.Value.Length, 1, DepositReader.MaxTokenLength);
            Assert.True(WellFormed.Text(deposit.RefreshToken.Value) && WellFormed.Text(server.Value));
            Assert.True(deposit.ClientSecret is null || deposit.ClientId is not null);
            Assert.True(deposit.ClientSecretExpiresAt is null || deposit.ClientSecretExpiresAt > Now);
        }));

    [Fact]
    public void New_run_is_refused_or_within_the_limits() => Property.Holds(
        RandomJson.Bytes("name", "input", "steps", "id", "type", "mcpServerId", "tool", "arguments", "timeoutSeconds", "onUnknown"),
        json => Read(json, (root, issues) =>
        {
            var run = NewRunReader.Read(root, issues);
            NewRunReader.ReadAction(root, new BodyIssues());
            Assert.Equal(32, CanonicalJson.Hash(root).Length);
            if (issues.Any)
                return;
            Assert.InRange(run.Steps.Count, 1, NewRunReader.MaxSteps);
            Assert.Equal(run.Steps.Count, run.Steps.Select(step => step.Id).Distinct(StringComparer.Ordinal).Count());
            Assert.All(run.Steps, step => Assert.True(step.Timeout is null || step.Timeout >= TimeSpan.FromSeconds(1)));
        }));

    [Fact]
    public void Template_is_refused_or_rendered_in_one_type_of_exception() => Property.Holds(
        RandomJson.Text("input", "steps").Zip(RandomJson.Text("a", "b")),
        texts =>
        {
            using var input = TryParse(Encoding.UTF8.GetBytes(texts.Item2));
            try
            {
                var rendered = Template.Parse(texts.Item1).Render(
                    input?.RootElement ?? default, new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["a"] = input?.RootElement ?? default });
                Assert.Equal(JsonValueKind.Object, rendered.ValueKind);
            }
            catch (TemplateException)
            {
                // What its callers expect.
            }
        });

    [Fact]
    public void Arguments_without_references_are_rendered_as_they_are() => Property.Holds(
        RandomJson.Text("a", "b").Where(text => !text.Contains("{{", StringComparison.Ordinal)),
        text =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            if (!IsClean(bytes) || TryParse(bytes) is not { RootElement.ValueKind: JsonValueKind.Object } document)
                return;
            var rendered = Template.Parse(text).Render(default, new Dictionary<string, JsonElement>(StringComparer.Ordinal));
            Assert.True(JsonElement.DeepEquals(document.RootElement, rendered));
        });

    [Fact]
    public void Claims_are_refused_or_name_a_user() => Property.Holds(
        RandomJson.Bytes("id", "exp", "nbf", "alg", "crit"),
        json =>
        {
            TokenClaims.CheckHeader(json);
            if (TokenClaims.Read(json, out var claims) is null && claims.UserError is null)
                Assert.InRange(claims.User.Value, 1, long.MaxValue);
        });

    [Fact]
    public void Token_is_refused_whatever_it_says_unless_it_is_signed() => Property.Holds(
        Gen.OneOf(
            RandomJson.Any,
            RandomJson.Text("alg", "typ", "crit", "kid").Zip(RandomJson.Text("id", "exp", "nbf")).Select(parts => TestTokens.Mint(parts.Item2, parts.Item1, "another-secret-of-the-same-or-more-length")),
            RandomJson.Text("alg", "typ").Select(header => TestTokens.Mint("{}", header)),
            RandomJson.Text("id", "exp", "nbf").Select(payload => TestTokens.Mint(payload))),
        token =>
        {
            var verdict = new TokenValidator(new AuthenticationSettings(TestTokens.Secret), new TokenCache(), TimeProvider.System).Validate(token);
            Assert.True(verdict.Caller is null || verdict.Caller.User.Value > 0);
        });

    [Fact]
    public void Token_endpoints_answer_is_a_class_of_answers() => Property.Holds(
        RandomJson.Bytes("access_token", "refresh_token", "expires_in", "error", "error_description").Zip(Gen.Choose(100, 599)),
        answer =>
        {
            if (AnswerReader.Read((HttpStatusCode)answer.Item2, answer.Item1, null) is not RefreshAnswer.Granted granted)
                return;
            Assert.InRange(answer.Item2, 200, 299);
            Assert.All(granted.AccessToken.Value, unit => Assert.InRange(unit, '!', '~'));
            Assert.NotEqual("", granted.RefreshToken?.Value);
            Assert.True(granted.ExpiresIn is null || granted.ExpiresIn <= TimeSpan.FromSeconds(int.MaxValue));
        });

    [Fact]
    public void Retry_after_is_nothing_or_a_time_to_come() => Property.Holds(
        Gen.OneOf(
            Gen.Elements("0", "-1", "1", "2147483648", "99999999999999999999", "1.5", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"),
            Gen.Choose(int.MinValue, int.MaxValue).Select(seconds => $"{seconds}"),
            RandomJson.Any),
        text =>
        {
            using var http = new HttpMessageInvoker(new Answering(text));
            var grant = new RefreshGrant(new Uri("https://idp.example/token"), new RefreshToken("r"), new ClientRegistration("https://idp.example/token", "c", null, null, ClientAuthMethod.None, null), null, null);
            var answer = new TokenEndpointClient(http, TimeProvider.System).SendAsync(grant, _ => Task.FromResult(true), TimeSpan.FromMinutes(1), default).GetAwaiter().GetResult();
            var asked = Assert.IsType<RefreshAnswer.NotSpent>(answer).RetryAfter;
            Assert.True(asked is null || asked > TimeSpan.Zero);
        });

    [Fact]
    public void Servers_file_is_loaded_or_its_mistakes_are_named() => Property.Holds(
        RandomJson.Bytes("mcpServers", "url", "type", "headers", "auth", "Authorization", "resource", "refreshReplay", "tokenEndpoints", "command"),
        json =>
        {
            var outcome = McpServersFile.Parse(json, name => name == "HOME" ? "/home" : null);
            Assert.True(outcome is ServersFileOutcome.Loaded or ServersFileOutcome.Invalid { Errors.Count: > 0 });
        });

    [Fact]
    public void Cursor_reads_back_what_it_was_written_from_and_nothing_else_breaks_it()
    {
        Property.Holds(Gen.Choose(0, 255).ArrayOf(16), bytes =>
        {
            var id = new RunId(new Guid([.. bytes.Select(value => (byte)value)]));
            Assert.True(RunCursor.TryRead(RunCursor.Write(id), out var read));
            Assert.Equal(id, read);
        });
        Property.Holds(RandomJson.Any, text => RunCursor.TryRead(text, out _));
    }

    [Fact]
    public void Query_of_runs_is_refused_or_a_filter() => Property.Holds(
        Gen.Elements("status", "cursor", "mcpServerId", "other").Zip(RandomJson.Any.ArrayOf(2)),
        parameter => RunQuery.Read(
            new QueryCollection(new Dictionary<string, StringValues>(StringComparer.Ordinal) { [parameter.Item1] = parameter.Item2.Distinct(StringComparer.Ordinal).ToArray() }),
            out _));

    [Fact]
    public void Encryption_key_is_32_bytes_or_refused_without_being_quoted() => Property.Holds(RandomJson.Any, text =>
    {
        try
        {
            Assert.Equal(!string.IsNullOrEmpty(text), Keyring.Create(text, []).HasKey);
        }
        catch (InvalidEncryptionKeyException refused)
        {
            Assert.True(text.Length < 8 || !refused.Message.Contains(text, StringComparison.Ordinal));
        }
    });

    [Fact]
    public void User_id_has_one_text()
    {
        Property.Holds(RandomJson.Any, text => Assert.True(!UserId.TryParse(text, out var user) || user.ToString() == text));
        Property.Holds(Gen.Choose(1, int.MaxValue), id => Assert.True(UserId.TryParse($"{id}", out var user) && user.Value == id));
    }

    private static void Read(byte[] json, Action<JsonElement, BodyIssues> read)
    {
        if (!IsClean(json) || TryParse(json) is not { } document)
            return;
        var issues = new BodyIssues();
        read(document.RootElement, issues);
        if (issues.Any)
            Assert.NotNull(issues.ToProblem());
    }

    private static bool IsClean(byte[] json)
    {
        try
        {
            return JsonText.IsClean(json, JsonBody.MaxDepth);
        }
        catch (JsonException)
        {
            return false; // what the body's reader expects
        }
    }

    private static JsonDocument? TryParse(byte[] json)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = JsonBody.MaxDepth });
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private sealed class Answering(string retryAfter) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Content = new StringContent("") };
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
            return response;
        }
    }
}
