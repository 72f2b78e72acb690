using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Executor.Silo.Telemetry;

/// <summary>
/// Sends traces and metrics over OTLP. What else the exporter does is up to its own OTEL_* variables. The MCP SDK's and the MCP servers'
/// own spans are left out: they carry what a server wrote.
/// </summary>
internal sealed class OpenTelemetryExport : IHostedService, IDisposable
{
    // Without it the server's spans carry no HTTP tags. Query strings are in none of them; the client's are redacted by the runtime.
    private const string ServerSpanTags = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";

    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "Executor.*"];
    private static readonly string[] Meters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql", "Executor.*"];

    private readonly string _node;
    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    public OpenTelemetryExport(string node)
    {
        _node = node;
        AppContext.SetSwitch(ServerSpanTags, false);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("executor", serviceVersion: Http.ExecutorVersion.Current, serviceInstanceId: _node);
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Sources).AddOtlpExporter().Build();
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Meters).AddOtlpExporter().Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }
}
