using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Executor.Runs.Templates;

/// <summary>
/// A step's arguments before rendering. References are looked up, never evaluated; what they find is copied as it is, never
/// rendered again; property names are not rendered.
/// </summary>
internal sealed class Template
{
    public const int MaxBytes = 1024 * 1024;
    public const int MaxDepth = 64;

    /// <summary>The outcome is a request body or a plain text, never part of a page.</summary>
    private static readonly JsonWriterOptions _relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonElement _arguments;

    private Template(JsonElement arguments, IReadOnlyList<TemplatePath> references)
    {
        _arguments = arguments;
        References = references;
        Steps = references.Select(path => path.Step).OfType<string>().ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>All of them, in the order of the text.</summary>
    public IReadOnlyList<TemplatePath> References { get; }

    /// <summary>The steps that the references name.</summary>
    public IReadOnlySet<string> Steps { get; }

    /// <exception cref="TemplateException">Not a JSON object, too deep, or a malformed reference.</exception>
    public static Template Parse(string arguments)
    {
        var root = ParseObject(arguments);
        var references = new List<TemplatePath>();
        WellFormed(() => Collect(root, references));
        return new Template(root, references);
    }

    /// <param name="input">The run's input.</param>
    /// <param name="results">Results of the <see cref="Steps"/> that have one, by step id.</param>
    /// <exception cref="TemplateException">A reference finds nothing, or the outcome is too large or too deep.</exception>
    public JsonElement Render(JsonElement input, IReadOnlyDictionary<string, JsonElement> results)
    {
        var buffer = new CappedBuffer(MaxBytes);
        WellFormed(() =>
        {
            using var writer = new Utf8JsonWriter(buffer, _relaxed);
            new Rendering(writer, input, results).Write(_arguments);
        });
        var reader = new Utf8JsonReader(buffer.Written.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        return JsonElement.ParseValue(ref reader);
    }

    /// <summary>JSON can spell half a surrogate pair, which no string can hold.</summary>
    private static void WellFormed(Action work)
    {
        try
        {
            work();
        }
        catch (Exception malformed) when (malformed is InvalidOperationException or ArgumentException)
        {
            throw new TemplateException("A text in the arguments, or in what they refer to, is not well-formed Unicode.");
        }
    }

    private static JsonElement ParseObject(string arguments)
    {
        try
        {
            using var document = JsonDocument.Parse(arguments, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document.RootElement.Clone();
        }
        catch (Exception malformed) when (malformed is JsonException or ArgumentException)
        {
            // Reported below: the parser's own message would quote the text. An ArgumentException is a lone surrogate in it.
        }

        throw new TemplateException($"The arguments are not a JSON object of at most {MaxDepth} levels.");
    }

    private static void Collect(JsonElement element, List<TemplatePath> references)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                    Collect(property.Value, references);
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    Collect(item, references);
                break;
            case JsonValueKind.String when element.GetString() is { } text && TemplateText.MayRefer(text):
                references.AddRange(TemplateText.Parse(text).Parts.Select(part => part.Path).OfType<TemplatePath>());
                break;
        }
    }

    private sealed class Rendering(Utf8JsonWriter writer, JsonElement input, IReadOnlyDictionary<string, JsonElement> results)
    {
        public void Write(JsonElement element, bool render = true)
        {
            if (writer.CurrentDepth >= MaxDepth && element.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                throw new TemplateException($"The rendered arguments are nested deeper than {MaxDepth} levels.");
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    writer.WriteStartObject();
                    foreach (var property in element.EnumerateObject())
                    {
                        writer.WritePropertyName(property.Name);
                        Write(property.Value, render);
                    }

                    writer.WriteEndObject();
                    break;
                case JsonValueKind.Array:
                    writer.WriteStartArray();
                    foreach (var item in element.EnumerateArray())
                        Write(item, render);
                    writer.WriteEndArray();
                    break;
                case JsonValueKind.String when render && element.GetString() is { } text && TemplateText.MayRefer(text):
                    WriteText(TemplateText.Parse(text));
                    break;
                default:
                    element.WriteTo(writer);
                    break;
            }
        }

        private void WriteText(TemplateText text)
        {
            if (text.Alone is { } alone)
            {
                Write(Find(alone), render: false);
                return;
            }

            var rendered = new StringBuilder();
            foreach (var part in text.Parts)
            {
                rendered.Append(part.Literal ?? AsText(Find(part.Path!)));
                if (rendered.Length > MaxBytes)
                    throw CappedBuffer.TooLarge(MaxBytes);
            }

            writer.WriteStringValue(rendered.ToString());
        }

        private JsonElement Find(TemplatePath path)
        {
            var root = input;
            if ((path.IsInput || results.TryGetValue(path.Step!, out root)) && path.TryFind(root, out var found))
                return found;
            throw new TemplateException($"'{path}' finds nothing.");
        }

        /// <summary>A string as it is, everything else as compact JSON.</summary>
        private static string AsText(JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.String)
                return value.GetString()!;
            var buffer = new CappedBuffer(MaxBytes);
            using (var compact = new Utf8JsonWriter(buffer, _relaxed))
                value.WriteTo(compact);
            return Encoding.UTF8.GetString(buffer.Written.Span);
        }
    }
}
