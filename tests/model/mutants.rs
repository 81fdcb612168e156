//! The comparison itself, tested: a naive model that breaks one rule has to come apart from the real
//! domain within a bounded number of streams.

use crate::broken::Broken;
use crate::compare::compare;
use crate::scenario::Scenario;
use crate::stream::stream;

/// Seeds after which a broken rule has to have been noticed.
const SEEDS: u64 = 150;

fn is_noticed(rule: Broken, scenario: Scenario) {
    let noticed = (1..=SEEDS).find(|seed| compare(&stream(scenario, *seed), Some(rule)).is_err());
    match noticed {
        Some(seed) => println!("{rule:?}: seed {seed} of {scenario:?}"),
        None => panic!("{rule:?} was not noticed in {SEEDS} streams of {scenario:?}"),
    }
}

macro_rules! broken_rules_are_noticed {
    ($($test:ident: $rule:ident in $scenario:ident,)*) => {
        $(#[test] fn $test() { is_noticed(Broken::$rule, Scenario::$scenario); })*
    };
}

broken_rules_are_noticed! {
    r4_10_erasure_takes_score: ErasureTakesScore in Erased,
    r4_10_erased_contact_stays_mapped: ErasedContactStaysMapped in Erased,
    r4_10_erased_life_goes_on: ErasedLifeGoesOn in Erased,
    r4_11_retention_inclusive: RetentionInclusive in Aged,
    r4_11_retention_of_scored_only: RetentionOfScoredOnly in Aged,
    r4_11_retention_without_bound: RetentionWithoutBound in Aged,
    low_is_inclusive: LowIsInclusive in Trips,
    resolution_failure_is_inclusive: ResolutionFailureIsInclusive in Ladders,
    r6_3_run_edge_exclusive: RunEdgeExclusive in Trips,
    r6_1_window_one_less: WindowOneLess in Dense,
    r6_1_window_one_more: WindowOneMore in Dense,
    r6_1_window_days_exclusive: WindowDaysExclusive in Ladders,
    r2_4_averages_round_down: AveragesRoundDown in Mixed,
    r6_3_resolve_ignored_by_position: ResolveIgnoredByPosition in Trips,
    r6_3_resolve_ignored_by_time: ResolveIgnoredByTime in Trips,
    r6_3_first_resolve_counts: FirstResolveCounts in Trips,
    r6_3_run_over_99: RunOver99 in Dense,
    r6_4_trend_strict: TrendStrict in Ladders,
    r6_4_trend_over_19: TrendOver19 in Dense,
    r6_5_churn_rate_edge_inclusive: ChurnRateEdgeInclusive in Ladders,
    r6_5_churn_of_two: ChurnOfTwo in Mixed,
    r7_1_rescore_not_judged: RescoreNotJudged in Lives,
    r7_1_attach_not_judged: AttachNotJudged in Contacts,
    r7_2_workspace_of_one_account: WorkspaceOfOneAccount in Trips,
    r7_2_workspace_factor_one_less: WorkspaceFactorOneLess in Mixed,
    r7_2_workspace_judged_first: WorkspaceJudgedFirst in Trips,
    r7_1_trip_while_active: TripWhileActive in Trips,
    r7_1_retroactive_trip: RetroactiveTrip in Trips,
    r7_1_trip_edge_exclusive: TripEdgeExclusive in Trips,
    r5_3_import_never_replaced: ImportNeverReplaced in Lives,
    r5_3_import_last_by_time: ImportLastByTime in Trips,
    r5_3_import_replaced_by_any_event: ImportReplacedByAnyEvent in Lives,
    expectation_not_frozen: ExpectationNotFrozen in Mixed,
    expectation_never_renewed: ExpectationNeverRenewed in Mixed,
    expectation_of_itself: ExpectationOfItself in Mixed,
    expectation_of_four: ExpectationOfFour in Mixed,
    r6_2_closed_is_resolved: ClosedIsResolved in Lives,
    r5_1_closed_stays_closed: ClosedStaysClosed in Lives,
    r4_4_duplicates_forgotten_early: DuplicatesForgottenEarly in Mixed,
    r4_4_reused_is_duplicate: ReusedIsDuplicate in Lives,
    r4_4_rejected_leaves_identity: RejectedLeavesIdentity in Contacts,
    r6_1_next_older_never_returns: NextOlderNeverReturns in Dense,
    r5_2_settle_edge_exclusive: SettleEdgeExclusive in Lives,
    r5_2_nothing_is_late: NothingIsLate in Lives,
    r5_2_new_life_forgets_reopenings: NewLifeForgetsReopenings in Lives,
    r5_1_walked_by_arrival: WalkedByArrival in Lives,
    r5_1_later_events_do_not_count: LaterEventsDoNotCount in Lives,
    r4_7_contact_moves_conversation: ContactMovesConversation in Contacts,
    r4_7_inferred_is_binding: InferredIsBinding in Contacts,
    r8_1_epoch_counts_repeats: EpochCountsRepeats in Trips,
    r5_2_late_events_attach: LateEventsAttach in Lives,
    r5_2_late_imports: LateImports in Lives,
    r5_2_new_life_counts_all: NewLifeCountsAll in Lives,
    r5_1_reopened_counts_all: ReopenedCountsAll in Lives,
    vanished_score_stays: VanishedScoreStays in Lives,
    expectation_of_nineteen: ExpectationOfNineteen in Ladders,
    expectation_of_all_times: ExpectationOfAllTimes in Trips,
    beyond_turns_is_nothing: BeyondTurnsIsNothing in Lives,
    turns_without_bound: TurnsWithoutBound in Lives,
    r6_1_rescore_takes_position: RescoreTakesPosition in Mixed,
    r4_7_first_name_stays: FirstNameStays in Mixed,
    r4_7_contacts_by_update_only: ContactsByUpdateOnly in Contacts,
    r5_3_import_keeps_resolution: ImportKeepsResolution in Mixed,
    r3_8_baselines_reach_back: BaselinesReachBack in Mixed,
    r5_5_explanation_edge_inclusive: ExplanationEdgeInclusive in Mixed,
    r3_4_breakers_oldest_first: BreakersOldestFirst in Trips,
    r6_3_workspace_run_uncapped: WorkspaceRunUncapped in Dense,
    r6_3_account_run_uncapped: AccountRunUncapped in Dense,
    r7_1_left_account_judged: LeftAccountJudged in Contacts,
    r7_1_reason_names_count: ReasonNamesCount in Trips,
    r3_1_stats_end_exclusive: StatsEndExclusive in Trips,
}
