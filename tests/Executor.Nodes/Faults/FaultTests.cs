namespace Executor.Nodes.Faults;

/// <summary>A node dies or freezes in the middle of a refresh, and its user's next calls go to another one.</summary>
public sealed class FaultTests(FaultWorld world) : IClassFixture<FaultWorld>
{
    private const string WriteTable = "EXECUTOR_TESTS_WRITE_TABLE";

    public static TheoryData<string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string>();
            foreach (var fault in Fault.All)
            {
                foreach (var provider in Provider.All)
                    cells.Add(fault.Name, provider.Name);
            }

            return cells;
        }
    }

    [PostgresTheory]
    [MemberData(nameof(Cells))]
    public async Task What_the_provider_allows_to_be_saved_is_saved(string fault, string provider)
    {
        var expected = Fault.All.Single(row => row.Name == fault).ExpectedAt(Provider.All.Single(column => column.Name == provider));

        var seen = await world.SeenAsync();

        Assert.Equal(expected, seen[(fault, provider)]);
    }

    [PostgresFact]
    public async Task Tables_of_what_can_go_wrong_say_what_is_seen()
    {
        var table = FaultTable.Render(await world.SeenAsync());

        if (Environment.GetEnvironmentVariable(WriteTable) is "1")
            FaultTable.Write(table);
        Assert.True(table == FaultTable.Committed, $"The tables are not what was seen: run with {WriteTable}=1 to have them written.\n{table}");
    }
}
