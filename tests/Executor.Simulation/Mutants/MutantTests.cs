namespace Executor.Simulation.Mutants;

/// <summary>
/// Each way to break the product is noticed by the rule that says what is broken. The seeds are where <c>bench/Simulate -- mutants</c> found them; a
/// change of the product may move what happens in a world, so the search goes on from there.
/// </summary>
public sealed class MutantTests
{
    private const int Tried = 200;

    public static TheoryData<string, int, string> Known => new()
    {
        { nameof(BlindReader), 1, "No token is handed out for longer than a revalidation after its end" },
        { nameof(BlindReader), 72, "Without faults a run goes on as soon as it wakes" },
        { nameof(BoundlessRenewal), 12, "Two redemptions an hour are what 401s cause without a pause" },
        { nameof(Carelessness), 34, "No spent token is replayed where its answer was heard" },
        { nameof(CauselessWake), 0, "A run wakes for a cause only" },
        { nameof(DecisionBesideTheDriver), 0, "A run that somebody drives is moved by nobody else" },
        { nameof(DirtyRead), 2, "No token is handed out before its commit" },
        { nameof(DoubleWake), 20, "A run wakes once for each cause" },
        { nameof(EagerTransport), 23, "Nothing is sent after its permit has expired" },
        { nameof(ErrorTakenForRefusal), 2, "Nobody is asked to reconnect whose token is honoured" },
        { nameof(FastClock), 11, "Everything comes to rest" },
        { nameof(ForgottenClaims), 12, "Everything comes to rest" },
        { nameof(ForgottenIntents), 4, "Strictly, nothing is redeemed beside an intent that is not over" },
        { nameof(ForgottenJournal), 17, "No step runs twice unless its tool or its definition allows it" },
        { nameof(ForgottenLineage), 0, "A repeated deposit changes nothing while its lineage lives" },
        { nameof(ForgottenRefusals), 0, "What is refused in the same way for long is an operator's matter" },
        { nameof(GoneAndBack), 12, "Whoever is gone opens no intent" },
        { nameof(HastyRefusal), 91, "Nobody is asked to reconnect while an answer may still come" },
        { nameof(LazyRetry), 1215, "Nobody is asked to reconnect who could be saved when faults ended" },
        { nameof(LostCommits), 97, "Without faults no spent token is replayed" },
        { nameof(LostWakeUp), 360, "No run parks on a credential that serves" },
        { nameof(NamelessWait), 0, "A run waits for a named reason" },
        { nameof(NobodyTries), 19, "Everything comes to rest" },
        { nameof(NoFence), 26, "A run that somebody drives is moved by nobody else" },
        { nameof(NothingKept), 2, "A contested generation keeps the token that it was made from" },
        { nameof(NothingToRecover), 24, "Everything comes to rest" },
        { nameof(RefreshWakesAll), 23, "A run wakes for a cause only" },
        { nameof(RetryingTransport), 6, "No redemption without a committed intent of its own" },
        { nameof(ReusedGenerations), 0, "A generation is used once" },
        { nameof(SecondIntent), 6, "No two intents of a generation are open" },
        { nameof(ShortPauses), 14, "Each pause is longer than the one before" },
        { nameof(SilentWait), 0, "What a credential waits for is told" },
        { nameof(SlowClock), 2, "Nothing is sent after its permit has expired" },
        { nameof(SlowClock), 11, "Nobody is kept waiting for longer than callers wait" },
        { nameof(StaleKnowledge), 41, "A run never goes back" },
        { nameof(StaleResult), 9, "A result is stored over the generation that it redeemed, and no other" },
        { nameof(UnaskedDecision), 0, "What nobody is at is decided by its user only, and once" },
        { nameof(UnconfirmedRefusal), 1, "Nobody is asked to reconnect whose token is honoured" },
        { nameof(UndoneDeletion), 0, "A token changes with its generation only" },
        { nameof(UndoneStep), 0, "What was done stays done" },
        { nameof(UnheededRefusal), 14, "While tokens are refused, one is redeemed after each pause" },
        { nameof(UnnumberedRefusals), 14, "A refusal that has ended begins again only when a token is turned down again" },
        { nameof(UnseenLocks), 0, "Whoever is written down as gone was without its lock whenever others looked" },
        { nameof(UnwrittenIntent), 0, "No redemption without a committed intent of its own" },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Broken_product_is_noticed_by_the_rule_for_it(string mutant, int seed, string rule)
    {
        var type = AllMutants.Types.Single(type => type.Name == mutant);
        Assert.True(
            Enumerable.Range(seed, Tried).Any(tried => AllMutants.Broken(type, tried) == rule),
            $"No seed from {seed} to {seed + Tried - 1} notices {mutant} by «{rule}».");
    }

    [Fact]
    public void Every_way_is_tried() => Assert.Equal(
        AllMutants.Types.Select(type => type.Name), Known.Select(row => (string)row[0]).Distinct().Order(StringComparer.Ordinal));
}
