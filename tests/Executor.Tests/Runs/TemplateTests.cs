using System.Text.Json;
using Executor.Runs.Templates;

namespace Executor.Tests.Runs;

public class TemplateTests
{
    private const string Input = """{"a":{"b":[7,{"c":null}]},"text":"{{ input.a }}","x y":"spaced","n":1.50,"t":true,"é":"ü"}""";
    private const string Found = """{"structuredContent":{"items":[{"id":"i-1"},{"id":"i-2"}]}}""";

    [Theory]
    [InlineData("{{input.a.b[0]}}", "7")]
    [InlineData("{{   input.a.b[1]  }}", """{"c":null}""")]
    [InlineData("{{ input.n }}", "1.50")]
    [InlineData("{{ input.a.b[1].c }}", "null")]
    [InlineData("{{ input[\"x y\"] }}", "\"spaced\"")]
    [InlineData("{{ input['x y'] }}", "\"spaced\"")]
    [InlineData("{{ steps.find.structuredContent.items[1].id }}", "\"i-2\"")]
    [InlineData("{{ steps[\"find\"].structuredContent.items }}", """[{"id":"i-1"},{"id":"i-2"}]""")]
    public void Template_reference_alone_keeps_its_json_type(string text, string expected) => Assert.Equal(expected, Render(text));

    [Theory]
    [InlineData("id {{ input.a.b[0] }}!", "id 7!")]
    [InlineData("{{ input.t }}{{ input.n }}", "true1.50")]
    [InlineData("is {{ steps.find.structuredContent.items }}", """is [{"id":"i-1"},{"id":"i-2"}]""")]
    [InlineData(" {{ input.t }}", " true")]
    [InlineData("{{ input.é }}-", "ü-")]
    public void Template_reference_inside_text_becomes_text(string text, string expected) =>
        Assert.Equal(expected, JsonDocument.Parse(Render(text)).RootElement.GetString());

    [Theory]
    [InlineData("{{ input.text }}")]
    [InlineData("<{{ input.text }}>")]
    public void Template_rendered_text_is_not_rendered_again(string text) => Assert.Contains("{{ input.a }}", Render(text), StringComparison.Ordinal);

    [Theory]
    [InlineData(@"\{{ input.a }}", "{{ input.a }}")]
    [InlineData(@"C:\\{{ input.t }}", @"C:\true")]
    [InlineData(@"a\b}} {", @"a\b}} {")]
    public void Template_backslash_makes_braces_literal(string text, string expected) =>
        Assert.Equal(expected, JsonDocument.Parse(Render(text)).RootElement.GetString());

    [Theory]
    [InlineData("input.nothing")]
    [InlineData("input.a.b[2]")]
    [InlineData("input.a[0]")]
    [InlineData("input.n.x")]
    [InlineData("steps.later.content")]
    public void Template_reference_that_finds_nothing_is_named(string path)
    {
        var failure = Assert.Throws<TemplateException>(() => Render($"{{{{ {path} }}}}"));
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ }}")]
    [InlineData("{{ input.a")]
    [InlineData("{{ env.HOME }}")]
    [InlineData("{{ steps }}")]
    [InlineData("{{ steps[0] }}")]
    [InlineData("{{ input.a + 1 }}")]
    [InlineData("{{ input.a() | upper }}")]
    [InlineData("{{ input..a }}")]
    [InlineData("{{ input.a[-1] }}")]
    [InlineData("{{ input.a[99999999999] }}")]
    [InlineData("{{ input[\"a }}")]
    [InlineData("{{ {{ input.a }} }}")]
    [InlineData("{{ input.a b }}")]
    public void Template_malformed_reference_is_refused_before_any_rendering(string text) =>
        Assert.Throws<TemplateException>(() => Template.Parse(JsonSerializer.Serialize(new { x = text })));

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("""{"a":"\ud800{{ input.a }}"}""")]
    public void Template_arguments_that_are_no_sound_object_are_refused(string arguments) =>
        Assert.Throws<TemplateException>(() => Template.Parse(arguments));

    [Fact]
    public void Template_property_names_and_other_values_stay_as_they_are()
    {
        const string Arguments = """{"{{ input.t }}":[1,{"deep":"plain"},null],"n":1.0}""";
        Assert.Equal(Arguments, Template.Parse(Arguments).Render(Element(Input), new Dictionary<string, JsonElement>()).GetRawText());
    }

    [Fact]
    public void Template_result_multiplied_beyond_the_limit_fails()
    {
        var input = Element($$"""{"big":"{{new string('x', 300_000)}}"}""");
        var many = string.Concat(Enumerable.Repeat("{{ input.big }}", 1000));
        foreach (var arguments in (string[])[JsonSerializer.Serialize(new { x = many }), JsonSerializer.Serialize(new { x = Enumerable.Repeat("{{ input.big }}", 1000) })])
        {
            var failure = Assert.Throws<TemplateException>(() => Template.Parse(arguments).Render(input, new Dictionary<string, JsonElement>()));
            Assert.Contains("1024 KiB", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Template_result_nested_beyond_the_limit_fails()
    {
        var nested = Element(string.Concat(Enumerable.Repeat("[", 63)) + string.Concat(Enumerable.Repeat("]", 63)));
        var results = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["deep"] = nested };
        Assert.Equal(JsonValueKind.Array, Template.Parse("""{"a":"{{ steps.deep }}"}""").Render(Element("{}"), results).GetProperty("a").ValueKind);
        Assert.Throws<TemplateException>(() => Template.Parse("""{"a":["{{ steps.deep }}"]}""").Render(Element("{}"), results));
    }

    [Fact]
    public void Template_names_only_the_steps_it_refers_to() =>
        Assert.Equal(
            new HashSet<string> { "a", "b c" },
            Template.Parse("""{"x":["{{ steps.a.content }} {{ input.y }}"],"z":{"w":"{{ steps[\"b c\"] }}"}}""").Steps);

    private static string Render(string text)
    {
        var results = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["find"] = Element(Found) };
        return Template.Parse(JsonSerializer.Serialize(new { x = text })).Render(Element(Input), results).GetProperty("x").GetRawText();
    }

    private static JsonElement Element(string json) => JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 512 }).RootElement.Clone();
}
