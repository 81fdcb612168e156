//! The rules that the naive model can be told to break, one at a time.

/// A broken rule: the comparison has to notice each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Erasing a conversation takes its score out of everything (R4.10).
    ErasureTakesScore,
    /// An erased contact still leads to its account (R4.10).
    ErasedContactStaysMapped,
    /// Erasing a contact leaves the lives of its scored conversations (R4.10).
    ErasedLifeGoesOn,
    /// Retention removes what is exactly as old as its cut-off (R4.11).
    RetentionInclusive,
    /// What was never scored is kept for ever (R4.11).
    RetentionOfScoredOnly,
    /// A retention record removes everything that is due (R4.11).
    RetentionWithoutBound,
    /// Low is `<=` the threshold (section 1).
    LowIsInclusive,
    /// A resolution failure is `<=` the threshold.
    ResolutionFailureIsInclusive,
    /// A score exactly the window's hours before the newest ends the run (R6.3).
    RunEdgeExclusive,
    /// The window holds one less (R6.1).
    WindowOneLess,
    /// The window holds one more.
    WindowOneMore,
    /// A score exactly as old as the window reaches is out (R6.1).
    WindowDaysExclusive,
    /// Averages are cut, not rounded (R2.4).
    AveragesRoundDown,
    /// The run goes on over scores that stand before the latest resolve (R6.3).
    ResolveIgnoredByPosition,
    /// The run goes on over scores of before the latest resolve's time (R6.3).
    ResolveIgnoredByTime,
    /// The first resolve counts in place of the latest.
    FirstResolveCounts,
    /// The run looks at 99 conversations (R6.3).
    RunOver99,
    /// A total change of exactly 0.25 is stable (R6.4).
    TrendStrict,
    /// The trend looks at 19 conversations.
    TrendOver19,
    /// A resolution rate of exactly 0.8 is medium (R6.5).
    ChurnRateEdgeInclusive,
    /// Two conversations can be at medium or high risk (R6.5).
    ChurnOfTwo,
    /// Only first scorings are judged (R7.1).
    RescoreNotJudged,
    /// Attaching a scored conversation judges nothing (R7.1).
    AttachNotJudged,
    /// The workspace's breaker trips on one account (R7.2).
    WorkspaceOfOneAccount,
    /// The workspace needs its count times one less than the factor (R7.2).
    WorkspaceFactorOneLess,
    /// The workspace is judged before the account (R7.2).
    WorkspaceJudgedFirst,
    /// A trip while one of the scope is active (R7.1).
    TripWhileActive,
    /// Imported history trips (R7.1).
    RetroactiveTrip,
    /// A newest score exactly the window's hours before the receipt does not trip (R7.1).
    TripEdgeExclusive,
    /// No transition takes over from an import (R5.3).
    ImportNeverReplaced,
    /// Among imports the last by time counts (R5.3).
    ImportLastByTime,
    /// Any event takes over from an import (R5.3).
    ImportReplacedByAnyEvent,
    /// Every scoring gets a new expectation.
    ExpectationNotFrozen,
    /// A reopened conversation keeps its expectation.
    ExpectationNeverRenewed,
    /// The conversation is among its own others.
    ExpectationOfItself,
    /// Four others make an expectation.
    ExpectationOfFour,
    /// Closed counts as resolved (R6.2).
    ClosedIsResolved,
    /// Resolved after closed changes nothing (R5.1).
    ClosedStaysClosed,
    /// Identities are forgotten a day early (R4.4).
    DuplicatesForgottenEarly,
    /// An identity is known with any content (R4.4).
    ReusedIsDuplicate,
    /// A rejected event leaves its identity (R4.4).
    RejectedLeavesIdentity,
    /// What fell out of the window never counts again (R6.1).
    NextOlderNeverReturns,
    /// A conversation settles one millisecond late (R5.2).
    SettleEdgeExclusive,
    /// Nothing is ever late (R5.2).
    NothingIsLate,
    /// A new life starts from nothing: its reopenings are forgotten (R5.2).
    NewLifeForgetsReopenings,
    /// Lives are walked in the order of arrival (R5.1).
    WalkedByArrival,
    /// Events after the transition do not count (R5.1).
    LaterEventsDoNotCount,
    /// A conversation follows its contact (R4.7).
    ContactMovesConversation,
    /// An inferred account is as binding as a named one (R4.7).
    InferredIsBinding,
    /// The epoch grows with repeated acknowledgements and resolves (R8.1).
    EpochCountsRepeats,
    /// A late event attaches its conversation (R5.2).
    LateEventsAttach,
    /// An import of a settled conversation is late, too (R5.2).
    LateImports,
    /// What stands before a new life's first reopening counts in it (R5.2).
    NewLifeCountsAll,
    /// While reopened, everything counts (R5.1).
    ReopenedCountsAll,
    /// A score that vanished stands.
    VanishedScoreStays,
    /// Nineteen others in the workspace make an expectation.
    ExpectationOfNineteen,
    /// The expectation of the workspace reaches back for ever.
    ExpectationOfAllTimes,
    /// A message beyond those kept changes nothing.
    BeyondTurnsIsNothing,
    /// Messages are kept without bound.
    TurnsWithoutBound,
    /// A re-score joins the order by its own position (R6.1).
    RescoreTakesPosition,
    /// Accounts keep their first name (R4.7).
    FirstNameStays,
    /// An event's contact is mapped only by `account.updated` (R4.7).
    ContactsByUpdateOnly,
    /// A score keeps the resolution of the score before it.
    ImportKeepsResolution,
    /// A change of the baselines reaches old conversations (R3.8).
    BaselinesReachBack,
    /// Explanations are gone a millisecond late (R5.5).
    ExplanationEdgeInclusive,
    /// Of breakers triggered at one time the earlier trip is listed first (R3.4).
    BreakersOldestFirst,
    /// Statistics leave out what was scored at the last millisecond of their range (R3.1).
    StatsEndExclusive,
    /// The workspace's run looks at everything (R6.3).
    WorkspaceRunUncapped,
    /// The account's run looks at everything.
    AccountRunUncapped,
    /// A moved conversation is judged for the account it leaves, too (R7.1).
    LeftAccountJudged,
    /// The run's reason names the count, not the length (R7.1).
    ReasonNamesCount,
}
