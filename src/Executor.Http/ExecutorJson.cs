using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Executor.Http.Credentials;
using Executor.Http.Health;
using Executor.Http.Problems;
using Executor.Http.Runs;
using Executor.Http.Tools;

namespace Executor.Http;

/// <summary>Everything that is written to the wire. Reading is done by <see cref="Bodies.JsonObject"/>, which can name every mistake at once.</summary>
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(DepositBody))]
[JsonSerializable(typeof(StoredBody))]
[JsonSerializable(typeof(ToolListBody))]
[JsonSerializable(typeof(NewRunBody))]
[JsonSerializable(typeof(TriggerBody))]
[JsonSerializable(typeof(TriggeredBody))]
[JsonSerializable(typeof(CancelledBody))]
[JsonSerializable(typeof(RunBody))]
[JsonSerializable(typeof(RunPageBody))]
[JsonSerializable(typeof(ProgressBody))]
[JsonSerializable(typeof(HealthBody))]
[JsonSerializable(typeof(ProbeBody))]
internal sealed partial class ExecutorJson : JsonSerializerContext
{
    /// <summary>
    /// Answers are <c>application/json</c> with <c>nosniff</c>, never markup: escaping what HTML would mind only costs bytes.
    /// </summary>
    public static ExecutorJson Wire { get; } = new(new JsonSerializerOptions(JsonSerializerOptions.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // How deep a list of tools may be is decided where it is read: no answer may fail when it is half written.
        MaxDepth = 1_000,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });
}
