using Executor.Runs;

namespace Executor.Tests.Runs;

/// <summary>What can be known of a reference when a run is posted is told then: nothing has run yet.</summary>
public class ReferenceTests
{
    [Theory]
    [InlineData("""{"x":"{{ steps.nope.content }}"}""", "{{ steps.nope.content }}")]
    [InlineData("""{"x":"{{ steps.c.content }}"}""", "{{ steps.c.content }}")]
    [InlineData("""{"x":"{{ steps.b.content }}"}""", "{{ steps.b.content }}")]
    [InlineData("""{"x":"{{ steps.A.content }}"}""", "{{ steps.A.content }}")]
    [InlineData("""{"x":"{{ steps['a '].content }}"}""", "{{ steps['a '].content }}")]
    [InlineData("""{"x":"{{ steps[\"c\"] }}"}""", "{{ steps[\"c\"] }}")]
    [InlineData("""{"x":"first {{ steps.a }}, then {{ steps.nope }}."}""", "{{ steps.nope }}")]
    [InlineData("""{"x":{"y":[1,{"z":["{{ steps.a }}","{{ steps.nope }}"]}]}}""", "{{ steps.nope }}")]
    [InlineData("""{"x":"{{ steps }}"}""", "{{ steps }}")]
    [InlineData("""{"x":"{{ steps[0] }}"}""", "{{ steps[0] }}")]
    [InlineData("""{"x":"{{ step.a }}"}""", "{{ step.a }}")]
    [InlineData("""{"x":"{{ Steps.a }}"}""", "{{ Steps.a }}")]
    [InlineData("""{"x":"{{ inputs.customer }}"}""", "{{ inputs.customer }}")]
    [InlineData("""{"x":"{{ foo }}"}""", "{{ foo }}")]
    [InlineData("""{"x":"{{ }}"}""", "{{  }}")]
    [InlineData("""{"x":"{{ steps.a.content[ }}"}""", "{{ steps.a.content[ }}")]
    [InlineData("""{"x":"{{ steps.a.content[-1] }}"}""", "{{ steps.a.content[-1] }}")]
    [InlineData("""{"x":"{{ steps.a..b }}"}""", "{{ steps.a..b }}")]
    [InlineData("""{"x":"{{ steps.a"}""", "{{ steps.a")]
    [InlineData("""{"x":"{{ input.customer.nam }}"}""", "{{ input.customer.nam }}")]
    [InlineData("""{"x":"{{ input.tags[2] }}"}""", "{{ input.tags[2] }}")]
    [InlineData("""{"x":"{{ input.customer[0] }}"}""", "{{ input.customer[0] }}")]
    public async Task Reference_that_can_find_nothing_is_refused_with_its_step_when_the_run_is_posted(string arguments, string reference)
    {
        await using var world = await RunWorld.StartAsync();
        var node = world.Node();

        var refused = Assert.IsType<StartOutcome.Invalid>(await PostAsync(node, arguments));

        Assert.StartsWith("steps[1].arguments: step 'b': ", refused.Reason, StringComparison.Ordinal);
        Assert.Contains(reference, refused.Reason, StringComparison.Ordinal);
        Assert.Empty(await node.Runs.ListAsync(RunWorld.User, new RunFilter(), 10, default));
    }

    [Theory]
    [InlineData("""{"x":"{{ steps.a }}"}""")]
    [InlineData("""{"x":"{{ steps.a.whatever.it[7].holds }}"}""")]
    [InlineData("""{"x":"{{ steps['a'].content }}"}""")]
    [InlineData("""{"x":"{{ input }}{{ input.customer.name }}{{ input.tags[1] }}{{ input.nothing }}"}""")]
    [InlineData("""{"{{ steps.nope }}":"names are not rendered"}""")]
    [InlineData("""{"x":"\\{{ steps.nope }} is a literal"}""")]
    public async Task Reference_that_may_find_something_is_taken(string arguments)
    {
        await using var world = await RunWorld.StartAsync();

        Assert.IsType<StartOutcome.Started>(await PostAsync(world.Node(), arguments));
    }

    private static Task<StartOutcome> PostAsync(RunNode node, string arguments) => node.Runs.StartAsync(
        RunWorld.User,
        new NewRun(
            "n",
            """{"customer":{"name":"Ann"},"tags":["x","y"],"nothing":null}""",
            [RunWorld.Step("a", "t"), RunWorld.Step("b", "t", arguments), RunWorld.Step("c", "t")]),
        null,
        default);
}
