using System.Net;
using System.Text;
using Executor.Credentials;
using Executor.Credentials.Refresh;

namespace Executor.Tests.Credentials;

/// <summary>The table of answers, row by row, and the shapes that its codes come in.</summary>
public sealed class AnswerTableTests
{
    public static TheoryData<string> Codes => [.. AnswerTable.All.Select(row => row.Code)];

    public static TheoryData<string, string> Words
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var row in RefusalWords.All)
                data.Add(row.Words, row.Beside ?? "");
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Row_is_what_an_answer_with_its_code_means(string code)
    {
        var row = AnswerTable.Find(code)!;
        var error = code.StartsWith("AADSTS", StringComparison.Ordinal) ? "invalid_grant" : code;
        var number = code.StartsWith("AADSTS", StringComparison.Ordinal) ? code["AADSTS".Length..] : "0";

        var answer = Read(400, $$"""{"error":"{{error}}","error_codes":[{{number}}],"error_description":"SENTINEL"}""");

        Assert.Equal(new BlockedReason(row.Code), answer.Told);
        Assert.True(Means(row, answer), answer.ToString());
        Assert.NotEqual("", row.Source);
        Assert.Equal(row.Class is AnswerClass.Reconnect or AnswerClass.Operator, row.Reason != CredentialReason.None);
        Assert.Equal(row.Class is AnswerClass.NotSpent or AnswerClass.Resource, answer.Mark is not null);
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void Fixed_words_correct_a_code_or_stand_for_one(string words, string beside)
    {
        var row = RefusalWords.All.First(each => each.Words == words && (each.Beside ?? "") == beside);
        var spelled = $"Sorry: {(row.IsSentence ? "" : "the ")}{words.Replace(' ', '_').ToUpperInvariant()}.";

        var answer = Read(400, beside.Length > 0
            ? $$"""{"error":"{{beside}}","error_description":"{{spelled}}"}"""
            : $$"""{"status":400,"message":"{{spelled}}"}""");

        Assert.Equal(new BlockedReason(row.Code), answer.Told);
        Assert.True(row.Class switch
        {
            AnswerClass.Reconnect => answer is RefreshAnswer.Refused { Reason: CredentialReason.Revoked },
            AnswerClass.Operator => answer is RefreshAnswer.Refused { Reason: CredentialReason.InvalidClient },
            AnswerClass.Passing => answer is RefreshAnswer.NotSpent { RefusesResource: false, Mark: null },
            _ => answer is RefreshAnswer.NotSpent { RefusesResource: true },
        });
        Assert.IsNotType<RefreshAnswer.Refused>(Read(503, $$"""{"message":"{{spelled}}"}""")); // a gateway's words prove nothing
    }

    [Theory]
    [InlineData(400, """{"error":{"code":"invalid_grant","message":"x"}}""")]
    [InlineData(400, """{"error":{"type":"invalid_grant"}}""")]
    [InlineData(400, """{"error":{"code":400,"message":"invalid_grant"}}""")]
    [InlineData(400, """{"errors":[{"errorType":"invalid_grant","message":"x"}],"success":false}""")]
    [InlineData(400, """{"errors":["invalid_grant"]}""")]
    [InlineData(400, """{"error":["invalid_grant"]}""")]
    [InlineData(400, """{"error":true,"code":"invalid_grant"}""")]
    [InlineData(400, """{"code":"invalid_grant"}""")]
    [InlineData(400, """{"status":"BAD_REFRESH_TOKEN","message":"missing or invalid refresh token"}""")]
    [InlineData(200, """{"ok":false,"error":"invalid_refresh_token"}""")]
    [InlineData(200, """{"ok":false,"error":"token_expired"}""")]
    [InlineData(400, """{"status":400,"message":"Invalid grant"}""")]
    [InlineData(400, """{"statusCode":400,"error":"Bad Request","message":"invalid_grant"}""")]
    [InlineData(400, """{"error":"invalid_request","error_description":"refresh token is invalid"}""")]
    [InlineData(401, """{"reason":"Invalid Token!","error":"invalid_request"}""")]
    [InlineData(403, """{"error":"unauthorized_client","error_description":"refresh_token is invalid"}""")]
    [InlineData(400, """{"error":"invalid_grant","error_subtype":"invalid_rapt"}""")]
    [InlineData(400, """{"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired due to inactivity."}""")]
    [InlineData(400, """{"error":"interaction_required","suberror":"basic_action","error_codes":[50076]}""")]
    [InlineData(401, """{"fault":{"faultstring":"Invalid Refresh Token","detail":{"errorcode":"keymanagement.service.InvalidRefreshToken"}}}""")]
    [InlineData(400, """{"__type":"NotAuthorizedException","message":"Refresh Token has been revoked"}""")]
    [InlineData(400, """{"error":"InvalidGrant"}""")]
    [InlineData(400, """{"message":"invalid_grant"}""")]
    [InlineData(400, """{"message":"Error: invalid_grant. Please log in again."}""")]
    [InlineData(400, """{"error":"invalid_request","error_description":"Invalid refresh token provided for this request"}""")]
    [InlineData(200, """{"message":"invalid refresh token","status":"success"}""")]
    [InlineData(200, "error=bad_refresh_token&error_description=The+refresh+token+passed+is+incorrect+or+expired.&error_uri=x")]
    [InlineData(200, """{"error":"invalid_code"}""")]
    public void Dead_grant_is_seen_in_every_shape(int status, string body) =>
        Assert.Equal(CredentialReason.Revoked, Assert.IsType<RefreshAnswer.Refused>(Read(status, body)).Reason);

    [Theory]
    [InlineData(200, """{"ok":false,"error":"invalid_grant_type"}""")]
    [InlineData(400, """{"error":"invalid_grant_type"}""")]
    [InlineData(400, """{"message":"Invalid grant_type"}""")]
    [InlineData(400, """{"error":"theirs","error_description":"invalid grant for this client"}""")]
    [InlineData(400, """{"error":"invalid_request","error_description":"Invalid token endpoint authentication method"}""")]
    [InlineData(400, """{"error":"invalid_request","error_description":"Invalid token_type_hint."}""")]
    [InlineData(400, """{"error":"invalid_request","error_description":"Invalid refresh token request: client_id is missing"}""")]
    [InlineData(400, """{"error":"unauthorized_client","error_description":"Unknown refresh_token grant type"}""")]
    [InlineData(400, """{"__type":"NotAuthorizedException","message":"Unable to verify secret hash for client"}""")]
    public void Words_that_are_part_of_others_send_nobody_to_reconnect(int status, string body) =>
        Assert.NotEqual(CredentialReason.Revoked, (Read(status, body) as RefreshAnswer.Refused)?.Reason);

    [Theory]
    [InlineData("""{"status":"success","message":"Token refreshed, the old refresh token has been revoked"}""")]
    [InlineData("""{"type":"token","status":"active","detail":"the refresh token before it has expired: refresh token expired"}""")]
    [InlineData("""{"code":"invalid_grant"}""")]
    [InlineData("""{"error":"ok"}""")]
    [InlineData("""{"error":"None","errors":[]}""")]
    [InlineData("""{"error":"0"}""")]
    [InlineData("""{"error":{"code":"ok","message":"","log_id":"x"}}""")]
    [InlineData("""{"error":{"code":0}}""")]
    [InlineData("""{"errors":[null,{}]}""")]
    [InlineData("""{"fault":{}}""")]
    public void Grant_beside_words_that_say_no_error_outright_is_a_grant(string said)
    {
        Assert.IsType<RefreshAnswer.Granted>(Read(200, $$"""{{said[..^1]}},"access_token":"a","refresh_token":"b"}"""));
        Assert.IsNotType<RefreshAnswer.Granted>(Read(400, $$"""{{said[..^1]}},"access_token":"a"}"""));
    }

    [Theory]
    [InlineData("""{"error":"invalid_grant"}""")]
    [InlineData("""{"error":"invalid_grant","access_token":"a"}""")]
    [InlineData("""{"errors":[{"code":"invalid_grant"}],"access_token":"a"}""")]
    [InlineData("""{"code":"invalid_grant"}""")]
    public void Error_that_is_said_outright_or_beside_no_token_is_an_error(string body) => Assert.IsType<RefreshAnswer.Refused>(Read(200, body));

    [Theory]
    [InlineData(401, """{"error":"deleted_client"}""", CredentialReason.InvalidClient)]
    [InlineData(200, """{"ok":false,"error":"invalid_grant_type"}""", CredentialReason.UnauthorizedClient)]
    [InlineData(401, """{"error":"invalid_client","error_codes":[7000222]}""", CredentialReason.ClientSecretExpired)]
    [InlineData(400, """{"error":"unauthorized_client","error_description":"AADSTS700016: Application not found"}""", CredentialReason.UnauthorizedClient)]
    [InlineData(400, """{"error":"invalid_grant","error_codes":[70000,7000215]}""", CredentialReason.InvalidClient)]
    public void Client_that_does_not_work_is_an_operators_matter(int status, string body, CredentialReason reason) =>
        Assert.Equal(reason, Assert.IsType<RefreshAnswer.Refused>(Read(status, body)).Reason);

    [Theory]
    [InlineData("""{"error":"invalid_target"}""")]
    [InlineData("""{"error":"invalid_target","error_codes":[9010010]}""")]
    [InlineData("""{"error":"invalid_request","error_description":"AADSTS901002: The 'resource' request parameter isn't supported."}""")]
    [InlineData("""{"error":"invalid_request","error_description":"Unknown parameter: 'resource'"}""")]
    public void Refused_resource_is_told_from_a_refused_token(string body) =>
        Assert.True(Assert.IsType<RefreshAnswer.NotSpent>(Read(400, body)).RefusesResource);

    [Theory]
    [InlineData("The resource parameter is required")]
    [InlineData("Missing resource parameter.")]
    [InlineData("missing required parameter: resource")]
    [InlineData("The request must include a resource parameter")]
    [InlineData("no resource indicator")]
    public void Missing_resource_is_not_a_refused_one(string text) => Assert.False(Assert.IsType<RefreshAnswer.NotSpent>(
        Read(400, $$"""{"error":"invalid_request","error_description":"{{text}}"}""")).RefusesResource);

    [Theory]
    [InlineData(403, """{"message":"You have exceeded a secondary rate limit.","documentation_url":"x","status":"403"}""")]
    [InlineData(403, """{"message":"API rate limit exceeded for 10.0.0.1."}""")]
    [InlineData(400, """{"error":"too_many_requests"}""")]
    [InlineData(400, """{"error":"access_denied","error_description":"Too many requests: come again later"}""")]
    [InlineData(400, """{"code":"RATE_LIMITS","message":"busy"}""")]
    public void Rate_limit_in_words_passes(int status, string body) =>
        Assert.Equal((BlockedReason.RateLimited, null), (Assert.IsType<RefreshAnswer.NotSpent>(Read(status, body)).Told, Read(status, body).Mark));

    [Theory]
    [InlineData(400, """{"error":"SENTINEL_OF_THEIR_OWN"}""")]
    [InlineData(200, """{"error":"SENTINEL"}""")]
    [InlineData(200, """{"ok":false}""")]
    [InlineData(400, """{"error":"invalid_request_SENTINEL","message":"SENTINEL"}""")]
    [InlineData(403, "<html>SENTINEL</html>")]
    [InlineData(404, "")]
    [InlineData(302, "")]
    public void Unknown_refusal_is_marked_told_as_other_and_quotes_nothing(int status, string body)
    {
        var answer = Assert.IsType<RefreshAnswer.InDoubt>(Read(status, body));

        Assert.Equal(BlockedReason.Other, answer.Told);
        Assert.NotNull(answer.Mark);
        Assert.DoesNotContain("SENTINEL", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Mark_is_the_status_the_error_and_the_number_and_not_the_text()
    {
        const string body = """{"error":"theirs","error_codes":[17],"error_description":"at 12:00","trace_id":"a"}""";
        var mark = Read(400, body).Mark;

        Assert.Equal(mark, Read(400, body.Replace("12:00", "12:01", StringComparison.Ordinal).Replace("\"a\"", "\"b\"", StringComparison.Ordinal)).Mark);
        Assert.NotEqual(mark, Read(401, body).Mark);
        Assert.NotEqual(mark, Read(400, body.Replace("theirs", "another", StringComparison.Ordinal)).Mark);
        Assert.NotEqual(mark, Read(400, body.Replace("17", "18", StringComparison.Ordinal)).Mark);
    }

    [Theory]
    [InlineData(500, """{"error":"theirs"}""")]
    [InlineData(503, "")]
    [InlineData(408, "")]
    [InlineData(429, """{"error":"theirs"}""")]
    [InlineData(425, "")]
    [InlineData(400, """{"error":"slow_down"}""")]
    [InlineData(400, """{"error":"temporarily_unavailable"}""")]
    [InlineData(400, """{"error":"server_error"}""")]
    [InlineData(200, """{"ok":false,"error":"internal_error"}""")]
    [InlineData(200, """{"ok":false,"error":"fatal_error"}""")]
    [InlineData(524, "")]
    public void What_may_pass_by_itself_is_not_marked(int status, string body) => Assert.Null(Read(status, body).Mark);

    [Theory]
    [InlineData(400, """{"error":"invalid_scope"}""")]
    [InlineData(400, """{"error":"theirs"}""")]
    [InlineData(403, """{"message":"Forbidden"}""")]
    [InlineData(403, "<html>no</html>")]
    [InlineData(200, "<html>maintenance</html>")]
    public void What_is_asked_to_come_again_is_not_marked(int status, string body)
    {
        Assert.NotNull(Read(status, body).Mark);
        Assert.Null(AnswerReader.Read((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), TimeSpan.FromSeconds(60)).Mark);
    }

    [Theory]
    [InlineData(403, "<html>no</html>")]
    [InlineData(404, "")]
    [InlineData(301, "")]
    [InlineData(403, """{"message":"Forbidden"}""")]
    [InlineData(200, "<html>log in</html>")]
    [InlineData(200, "{}")]
    [InlineData(200, """{"status":"ok"}""")]
    public void Answer_without_a_code_is_marked_by_its_status_alone(int status, string body)
    {
        var answer = Assert.IsType<RefreshAnswer.InDoubt>(Read(status, body));

        Assert.Equal(RefusalMark.WithoutCode(status), answer.Mark);
        Assert.Equal(status == 200 ? BlockedReason.UnreadableAnswer : BlockedReason.Other, answer.Told);
    }

    private static bool Means(AnswerRow row, RefreshAnswer answer) => row.Class switch
    {
        AnswerClass.Reconnect or AnswerClass.Operator => answer is RefreshAnswer.Refused refused && refused.Reason == row.Reason,
        AnswerClass.Passing or AnswerClass.NotSpent => answer is RefreshAnswer.NotSpent { RefusesResource: false },
        AnswerClass.Resource => answer is RefreshAnswer.NotSpent { RefusesResource: true },
        _ => answer is RefreshAnswer.InDoubt { Answered: true },
    };

    private static RefreshAnswer Read(int status, string body) =>
        AnswerReader.Read((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), retryAfter: null);
}
