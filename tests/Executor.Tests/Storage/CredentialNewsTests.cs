using Executor.Credentials;
using Executor.Identity;
using Executor.Storage.Credentials;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Storage;

public sealed class CredentialNewsTests : IDisposable
{
    private readonly CapturedLogs _logs = new();
    private readonly ILoggerFactory _factory;
    private readonly CredentialNews _news;
    private CredentialRow _row = new()
    {
        Key = new CredentialKey(UserId.From(7), McpServerId.From("crm")),
        Generation = new Generation(1),
        State = CredentialState.OperatorError,
    };

    public CredentialNewsTests()
    {
        _factory = LoggerFactory.Create(_logs.AttachTo);
        _news = new CredentialNews(_factory.CreateLogger<CredentialNews>());
    }

    public void Dispose() => _factory.Dispose();

    [Theory]
    [InlineData(CredentialState.Ready)]
    [InlineData(CredentialState.Unresolved)]
    public void Operators_error_that_a_retry_ends_is_told_when_a_refresh_is_granted(CredentialState afterAFailure)
    {
        Move(CredentialState.Refreshing);
        Move(afterAFailure);
        Move(CredentialState.Refreshing);
        Assert.Empty(_logs.Lines);

        Grant();
        Assert.Contains("can be used again", Assert.Single(_logs.Lines).Text, StringComparison.Ordinal);
        Move(CredentialState.Refreshing);
        Grant();
        Assert.Single(_logs.Lines); // a refresh like any other
    }

    [Fact]
    public void Operators_error_that_a_retry_meets_again_has_not_come_back()
    {
        Move(CredentialState.Refreshing);
        Move(CredentialState.OperatorError);

        Assert.Empty(_logs.Lines);
    }

    private void Grant() => Change(_row with
    {
        Generation = new Generation(_row.Generation.Value + 1),
        MintedBy = IntentId.New(),
        State = CredentialState.Ready,
    });

    private void Move(CredentialState state) => Change(_row with { State = state });

    private void Change(CredentialRow after)
    {
        _news.Changed(_row, after);
        _row = after;
    }
}
