namespace Executor.Tests.Properties.Stores;

/// <summary>Everything that the domain asks of its stores, and what befalls them.</summary>
internal enum StoreAct
{
    Deposit,
    Delete,
    Open,
    Settle,
    Look,
    FindUnresolved,
    DecideBadly,
    Insert,
    FindReady,
    Claim,
    Move,
    Trigger,
    Cancel,
    Release,
    FindOwners,
    List,
    ReadRun,
    Prune,
    Enter,
    Beat,
    MarkGone,
    Leave,
    Retake,
    Observe,
    Cut,
    Restart,
    Pass,
}

/// <param name="A">What is meant by the numbers is the act's business: whatever they are, they mean something.</param>
internal readonly record struct StoreStep(StoreAct Act, int A, int B, int C);
