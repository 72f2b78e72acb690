using System.Net;
using System.Text;
using Executor.Credentials;
using Executor.Credentials.Refresh;

namespace Executor.Tests.Credentials;

public sealed class AnswerReaderTests
{
    [Theory]
    [InlineData(400, """{"error":"invalid_grant"}""", CredentialReason.Revoked)]
    [InlineData(200, """{"error":"invalid_grant"}""", CredentialReason.Revoked)]
    [InlineData(200, """{"error":"bad_refresh_token","error_description":"x"}""", CredentialReason.Revoked)]
    [InlineData(401, """{"error":"invalid_client"}""", CredentialReason.InvalidClient)]
    [InlineData(500, """{"error":"unauthorized_client"}""", CredentialReason.UnauthorizedClient)]
    public void Fatal_codes_refuse_whatever_the_status(int status, string body, CredentialReason reason) =>
        Assert.Equal(reason, Assert.IsType<RefreshAnswer.Refused>(Read(status, body)).Reason);

    [Theory]
    [InlineData(400, """{"error":"invalid_scope"}""")]
    [InlineData(400, """{"error":"invalid_request"}""")]
    [InlineData(200, """{"error":"temporarily_unavailable"}""")]
    [InlineData(429, "<html>slow down</html>")]
    [InlineData(425, "")]
    public void Harmless_refusals_leave_the_token_alone(int status, string body) =>
        Assert.IsType<RefreshAnswer.NotSpent>(Read(status, body));

    [Theory]
    [InlineData(500, "null", true)]
    [InlineData(503, "busy", true)]
    [InlineData(200, "<html></html>", true)]
    [InlineData(200, """{"access_token":""}""", true)]
    [InlineData(200, """{"access_token":7}""", true)]
    [InlineData(200, """{"access_token":"a\r\nX: y"}""", true)]
    [InlineData(200, """{"access_token":"\ud800"}""", true)]
    [InlineData(200, """{"access_token":"at" """, true)]
    [InlineData(200, "[]", true)]
    [InlineData(400, """{"error":"something_of_their_own"}""", true)]
    [InlineData(404, "", true)]
    [InlineData(302, "", true)]
    [InlineData(408, "", false)]
    [InlineData(502, """{"error":"server_error"}""", false)]
    [InlineData(504, "<html></html>", false)]
    [InlineData(520, "<html></html>", false)]
    [InlineData(522, "", false)]
    [InlineData(524, "error code: 524", false)]
    [InlineData(527, "", false)]
    [InlineData(530, "", false)]
    [InlineData(598, "", false)]
    [InlineData(599, "", false)]
    [InlineData(529, "", true)]
    public void Everything_else_is_in_doubt(int status, string body, bool answered) =>
        Assert.Equal(answered, Assert.IsType<RefreshAnswer.InDoubt>(Read(status, body)).Answered);

    [Theory]
    [InlineData("3600", 3600)]
    [InlineData("\"3600\"", 3600)]
    [InlineData("3600.9", 3600)]
    [InlineData("\"1h\"", null)]
    [InlineData("null", null)]
    [InlineData("{}", null)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("1e999", int.MaxValue)]
    [InlineData("\"3600.5\"", 3600)]
    [InlineData("\"-1\"", null)]
    [InlineData("\"NaN\"", null)]
    [InlineData("99999999999999999999999", int.MaxValue)]
    [InlineData("\"\\ud800\"", null)]
    public void Lifetime_is_a_number_or_digits(string expiresIn, int? seconds)
    {
        var granted = Assert.IsType<RefreshAnswer.Granted>(Read(200, $$"""{"access_token":"at","expires_in":{{expiresIn}}}"""));
        Assert.Equal(seconds, granted.ExpiresIn is { } lifetime ? (int)Math.Floor(lifetime.TotalSeconds) : null);
    }

    [Fact]
    public void Missing_refresh_token_is_none() =>
        Assert.Null(Assert.IsType<RefreshAnswer.Granted>(Read(200, """{"access_token":"at"}""")).RefreshToken);

    [Fact]
    public void Retry_after_is_passed_on() =>
        Assert.Equal(
            TimeSpan.FromSeconds(9),
            Assert.IsType<RefreshAnswer.NotSpent>(
                AnswerReader.Read(HttpStatusCode.TooManyRequests, default, TimeSpan.FromSeconds(9))).RetryAfter);

    private static RefreshAnswer Read(int status, string body) =>
        AnswerReader.Read((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), retryAfter: null);
}
