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
    /// A closed conversation that becomes resolved is not told of (R8.2a).
    ClosedThenResolvedUntold,
    /// The score is told before the end (R8.2a).
    ScoreToldBeforeEnd,
    /// A risk is told although it was the last that was told (R8.2a).
    RiskToldUnchanged,
    /// The risk of the account that a conversation leaves is told, too (R8.2a).
    RiskOfAccountLeft,
    /// A resolve tells no risk (R8.2a).
    RiskUntoldOnResolve,
    /// A long run is named as the rule where there is a breaker, too (R8.2a).
    RunRuleBeforeBreaker,
    /// A patch tells of what it has sent, changed or not (R8.2a).
    UnchangedFieldsTold,
    /// Channels and intents keep their first (R7.8).
    FirstLabelStays,
    /// A late event gives its conversation a channel (R5.2, R7.8).
    LateEventsLabel,
    /// Breakers of channels and intents need no asking for (R7.8).
    LabelsJudgedUnasked,
    /// Channels and intents are judged before account and workspace (R7.8).
    LabelsJudgedFirst,
    /// A channel's breaker trips on one account (R7.8).
    LabelOfOneAccount,
    /// A channel's breaker needs the count alone (R7.8).
    LabelWithoutFactor,
    /// The gate does not look at channels and intents (R7.8).
    GateWithoutLabels,
    /// The newest 100 are looked for among those that count (R7.7).
    HorizonOfCounted,
    /// What does not count ends the run (R7.7).
    UncountedEndsRun,
    /// The hours of a run go from the newest of all, whether it counts or not (R7.7).
    GapFromUncounted,
    /// A score with exactly the least confidence, or signals, does not count (R7.7).
    MinimaExclusive,
    /// A trip by hand while one of the scope is active (R7.5).
    ManualTripWhileActive,
    /// A trip by hand of an account that no event named (R7.5).
    ManualTripOfUnknownAccount,
    /// A trip by hand tells no risk (R8.2a).
    RiskUntoldOnTripByHand,
    /// A breaker has 99 notes (R7.5).
    NotesOfNinetyNine,
    /// A breaker is forgotten a millisecond late (R7.6).
    ForgottenEdgeExclusive,
    /// An acknowledgement is not awaited anew (R7.6).
    ForgottenSinceTrip,
    /// A breaker is forgotten once (R7.6).
    ForgottenOnce,
    /// An override of an override takes the person's for the model's (R5.9).
    SecondOverrideForgetsModel,
    /// What is taken back stays in force (R5.9).
    TakeBackKeepsPersons,
    /// An override is not judged (R5.9).
    OverrideNotJudged,
    /// A person's score has the model's confidence (R5.9).
    OverrideAsCertainAsModel,
    /// A new score of the model's ends the override (R5.9).
    RescoreEndsOverride,
    /// The person's score goes with the model's (R5.9).
    VanishedModelEndsOverride,
    /// The ring keeps one more (R8.2).
    RingOfOneMore,
    /// What is exactly as old as the ring reaches is dropped (R8.2).
    RingAgeExclusive,
    /// Breakers' effects go before they are delivered (R8.2).
    NothingIsNeeded,
    /// What is open is not needed any more (R8.2).
    OpenIsNotNeeded,
    /// What is needed stays without bound (R8.2).
    NeededWithoutBound,
    /// An account's effects are without the workspace's breakers (R8.2a).
    FilterWithoutWorkspace,
    /// An account's effects have those of channels (R8.2a).
    FilterWithLabels,
    /// An endpoint that is enabled again goes on where it was (R8.3).
    EnabledGoesOn,
    /// An endpoint that is disabled keeps what is open (R8.3).
    DisabledKeepsOpen,
    /// A replay leaves open what it begins before (R8.3).
    ReplayKeepsOpen,
    /// What is still to come is sent twice when it is sent again (R8.3).
    ResendOfWhatComes,
    /// A composite at the edge of two classes is in the lower one (R6.7).
    HistogramEdgeBelow,
    /// 5.00 is in no class (R6.7).
    HistogramWithoutFive,
    /// A bucket of a series has its end, too (R6.7).
    SeriesEndInclusive,
    /// The last agent's message by time says who handled it (R6.7).
    HandlerByTime,
    /// The first agent's message says who handled it (R6.7).
    FirstHandlerStays,
    /// A new life forgets who was heard (R6.7).
    HandlerOfNewLife,
    /// An automatic message handles (R6.7).
    AutomaticHandles,
    /// Scores are of the model in force (R6.7).
    ModelInForce,
    /// Each group has all breakers (R6.7).
    GroupsShareBreakers,
    /// A channel that only breakers speak of is in no group (R6.7).
    GroupOfBreakersAlone,
    /// What has no score is counted to the millisecond (R6.7).
    UnscoredByMillisecond,
    /// Automatic messages are no reason of their own (R6.7).
    MachinesAreCustomers,
    /// Resolved breakers count whenever they were triggered (R6.7).
    ResolvedWhenever,
    /// Active breakers count only in the range in which they were triggered (R6.7).
    ActiveOfRange,
    /// What is looked for in names has to have their capitals (R6.6).
    NamesByCase,
    /// Accounts without a composite come first (R6.6).
    WithoutCompositeFirst,
    /// Of the same risk accounts are in the order of their ids (R6.6).
    RiskAlone,
    /// Risks change only where something happens (R6.6).
    TimeStandsStill,
    /// A new life is no reopening (R6.6).
    ReopenedOfThisLife,
    /// A composite of exactly the least one does not fit (R6.6).
    ScoresExclusive,
    /// Resolution failures are not resolved (R6.6).
    FailuresAreUnresolved,
    /// Of the same composite the oldest come first, highest first or not (R6.6).
    SameCompositeOldestFirst,
    /// What has lost its id is listed (R6.6).
    ErasedAreListed,
    /// The next page begins at a place, not behind a row (R6.6).
    PagesByRank,
    /// A run that its hours end ends by the latest resolve (R6.8).
    RunEndsByResolve,
    /// What was scored again was scored when it was last (R10.7).
    ReceiptOfLastScoring,
    /// A breaker that would have tripped stays, whoever resolved what (R10.7).
    NothingIsResolved,
    /// The run's reason names the count, not the length (R7.1).
    ReasonNamesCount,
    /// Ends say of a link where nobody wants one (R8.2a).
    LinkUnasked,
    /// A link expires counted from the end, not from when it is made (R13.2).
    LinkExpiresAfterEnd,
    /// The link of an earlier end counts for the last (R13.2).
    EarlierLinkCounts,
    /// A rating by a link can be changed for ever (R13.2).
    RatingChangesForEver,
    /// A rating by a link can be changed once more (R13.2).
    TwentyOneChanges,
    /// The same rating again is a change (R13.2).
    SameRatingIsAChange,
    /// The day begins anew with each change (R13.2).
    ChangeIsAFirst,
    /// A rating by a link without a comment leaves the comment before (R13.2).
    CommentStays,
    /// While reopened, a rating of the end before is of the next (R13.2).
    RatedWhileReopenedIsNext,
    /// A late rating changes nothing (R5.2).
    LateRatingIgnored,
    /// A late rating scores by the profile in force (R5.2).
    LateRatingByProfileInForce,
    /// A late rating leaves the time of the explanation (R5.2).
    LateRatingExplainedAsLong,
    /// A late rating judges nothing (R7.1).
    LateRatingNotJudged,
    /// What stands beside a rating has the rating in it (R13.3).
    UnratedHasRating,
    /// One that is reopened is mailed (R13.2b).
    ReopeningLeavesMailDue,
    /// One that is rated is mailed (R13.2b).
    RatedIsMailed,
    /// An opt-out is of one conversation (R13.2b).
    OptOutOfOneConversation,
    /// An opt-out is forgotten (R13.2b).
    OptOutDoesNotLast,
    /// A contact that was mailed is mailed again at once (R13.2b).
    MailWhileQuiet,
    /// The address stays when the mail is sent (R13.2b).
    SentKeepsAddress,
    /// An end of long ago is mailed (R13.2b).
    HistoryIsMailed,
    /// A mail is due after the receipt of the end (R13.2b).
    MailDueAfterReceipt,
    /// Addresses stay when follow-up mails are switched off (R13.2b).
    SwitchedOffKeepsAddresses,
    /// Erasing a contact by its id leaves its address (R4.10).
    ErasedByAddressAlone,
    /// A mail is given up after exactly three days (R13.2b).
    GivenUpEdgeInclusive,
    /// What became of a mail is told a millisecond more (R13.2b).
    MailForgottenLate,
    /// A calibration has its level alone (R5.10).
    CalibratedByLevelAlone,
    /// What is taken back stays in the profile (R5.10).
    RevertedStaysCalibrated,
}
