//! Lists of accounts and of conversations (R6.6), against what can be looked up one by one.

use std::collections::HashSet;

use proptest::prelude::*;

use super::super::super::csat_config::CsatPatch;
use super::super::super::standing::{Rank, Standing};
use super::super::super::view::{BreakerScope, ConversationQuality};
use super::super::Workspace;
use super::super::account_list::{AccountQuery, AccountSort, AccountsCut, Stale};
use super::super::conversation_list::{ConversationQuery, ConversationSort, Pinned};
use super::*;

const SORTS: [AccountSort; 4] =
    [AccountSort::ChurnRisk, AccountSort::Composite, AccountSort::Name, AccountSort::LastScoredAt];

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A conversation, its account, its score, and how many days before the receipt it was scored.
    Score(u128, Option<u128>, u16, i64),
    /// The oldest active breaker.
    Acknowledge,
    Resolve,
    Trip(u128),
    Threshold(u16),
    /// What was scored longer ago than so many days.
    Retain(i64),
    Erase(u128),
    /// Days go by.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..40_u128, proptest::option::of(0..6_u128), 100..=500_u16, 0..100_i64)
            .prop_map(|(conversation, account, score, age)| Step::Score(conversation, account, score, age)),
        1 => Just(Step::Acknowledge),
        1 => Just(Step::Resolve),
        1 => (0..6_u128).prop_map(Step::Trip),
        1 => (200..400_u16).prop_map(Step::Threshold),
        1 => (50..95_i64).prop_map(Step::Retain),
        1 => (0..40_u128).prop_map(Step::Erase),
        3 => (0..30_i64).prop_map(Step::Wait),
    ]
}

fn take(stage: &mut Stage, now: &mut Millis, step: Step) {
    *now += 1;
    let account = |n: u128| Id(100 + n);
    let active = stage.local.workspace.active_breakers().last().map(|breaker| breaker.id);
    match step {
        Step::Score(conversation, of, score, age) => {
            let at = Some(*now - age * DAY);
            stage.event_at(at, *now, 1_000 + conversation, of.map(account), imported(score));
        }
        Step::Acknowledge | Step::Resolve | Step::Trip(_) => {
            let command = match (step, active) {
                (Step::Acknowledge, Some(breaker)) => Command::Acknowledge { breaker, note: None },
                (Step::Resolve, Some(breaker)) => Command::Resolve { breaker, note: None },
                (Step::Trip(of), _) => Command::Trip { scope: BreakerScope::Account(account(of)), reason: "x".into() },
                _ => return,
            };
            let _refused = stage.change_breaker(*now, command);
        }
        Step::Threshold(low) => {
            let patch = CsatPatch { threshold_low_composite: Some(Hundredths(low)), ..CsatPatch::default() };
            stage.record(*now, Record::Command { actor: "anna".into(), command: Command::PatchCsatConfig(patch) });
        }
        Step::Retain(days) => {
            stage.record(*now, Record::Retention { cutoff: *now - days * DAY, most: 100 });
        }
        Step::Erase(conversation) => {
            let conversation = Some(Id(1_000 + conversation));
            stage.record(*now, Record::ErasedBy { actor: "anna".into(), conversation, contact: None });
        }
        Step::Wait(days) => *now += days * DAY,
    }
}

fn stale(cut: &AccountsCut, now: Millis) -> Vec<u32> {
    let mut stale = Stale::at(now);
    cut.risk_counts(&mut stale);
    stale.numbers
}

/// Every standing that is not stale is what the account comes to; and lists by them are in order.
fn check_accounts(stage: &mut Stage, now: Millis) {
    let workspace = &mut stage.local.workspace;
    let count = workspace.accounts_known() as u32;
    let stales: HashSet<u32> = stale(&workspace.cut_accounts(), now).into_iter().collect();
    for number in (0..count).filter(|number| !stales.contains(number)) {
        let found = workspace.cut_accounts().standing(number);
        let mut expected = Standing::default();
        let (assessment, _) = workspace.rebuilt(number).assess(&workspace.rules, now);
        expected.announce(found.announced());
        expected.take(&assessment);
        let said = (found.risk(), found.paused(), found.rank(Rank::COMPOSITE), found.rank(Rank::AGE));
        assert_eq!(
            said,
            (expected.risk(), expected.paused(), expected.rank(Rank::COMPOSITE), expected.rank(Rank::AGE))
        );
    }
    let all: Vec<u32> = stales.into_iter().collect();
    workspace.look_at(&all, now);
    let cut = workspace.cut_accounts();
    assert!(stale(&cut, now).is_empty());
    for sort in SORTS {
        let query = AccountQuery { sort, ..AccountQuery::default() };
        let listed = cut.all(&query, None);
        let rows = workspace.account_rows(&query, &listed, usize::MAX, now);
        assert_eq!((rows.len(), listed.len()), (count as usize, count as usize));
        assert!(rows.windows(2).all(|pair| {
            let place = |at: usize| (pair[at].1.key, pair[at].1.health.account_id);
            place(0) < place(1)
        }));
        for (at, row) in &rows {
            let behind = Some((row.key, row.number));
            assert_eq!(cut.all(&query, behind), listed[at + 1..]);
            assert_eq!(
                cut.first(&query, behind, 2, &mut Stale::nobody()),
                listed[at + 1..].iter().copied().take(2).collect::<Vec<_>>()
            );
        }
    }
    for risk in [ChurnRisk::Critical, ChurnRisk::High, ChurnRisk::Medium, ChurnRisk::Low] {
        let query = AccountQuery { risks: vec![risk], ..AccountQuery::default() };
        assert_eq!(cut.all(&query, None).len() as u64, cut.risk_counts(&mut Stale::nobody())[risk as usize]);
    }
}

/// What a list must have: (key, composite, id), and what the filter looks at.
fn check_conversations(stage: &mut Stage, now: Millis) {
    let workspace = &mut stage.local.workspace;
    let mut known: Vec<ConversationQuality> = (0..40)
        .filter_map(|n| match workspace.conversation(Id(1_000 + n)) {
            Known::Found(quality) => Some(quality),
            Known::Unknown | Known::NotScored | Known::Gone => None,
        })
        .collect();
    let (from, to) = (now - 60 * DAY, now - 20 * DAY);
    for sort in [ConversationSort::ScoredAt, ConversationSort::Composite] {
        for descending in [false, true] {
            let query = ConversationQuery {
                sort,
                descending,
                max_score: Some(Hundredths(400)),
                from: Some(from),
                to: Some(to),
                ..ConversationQuery::default()
            };
            let listed = whole(workspace, &query);
            known.sort_by_key(|quality| match sort {
                ConversationSort::ScoredAt => (Hundredths(0), quality.scored_at),
                ConversationSort::Composite => (quality.composite_score, quality.scored_at),
            });
            if descending {
                known.reverse();
            }
            let fits = |quality: &&ConversationQuality| {
                (from..=to).contains(&quality.scored_at) && quality.composite_score <= Hundredths(400)
            };
            let expected: HashSet<Id> = known.iter().filter(fits).map(|quality| quality.conversation_id).collect();
            let found: Vec<Id> = listed.iter().map(|quality| quality.conversation_id).collect();
            assert_eq!((found.len(), found.iter().copied().collect::<HashSet<_>>()), (expected.len(), expected));
            let place = |quality: &ConversationQuality| match sort {
                ConversationSort::ScoredAt => (Hundredths(0), quality.scored_at),
                ConversationSort::Composite => (quality.composite_score, quality.scored_at),
            };
            assert!(listed.windows(2).all(|pair| {
                let (first, second) = (place(&pair[0]), place(&pair[1]));
                if descending { first >= second } else { first <= second }
            }));
        }
    }
}

/// All rows; behind each of them begins the rest.
fn whole(workspace: &mut Workspace, query: &ConversationQuery) -> Vec<ConversationQuality> {
    let numbers = |workspace: &mut Workspace, behind| match query.sort {
        ConversationSort::Composite => {
            let (numbers, passed) = workspace.sort_conversations(query, behind).expect("few");
            numbers[passed..].to_vec()
        }
        ConversationSort::ScoredAt => {
            let pinned = workspace.pin_conversations(query);
            let passed = behind.map_or(0, |(_, key)| workspace.pinned_behind(&pinned, query.descending, key));
            pinned.numbers(query.descending, passed, usize::MAX)
        }
    };
    let all = numbers(workspace, None);
    let rows = workspace.conversation_rows(query, &all, usize::MAX);
    for (at, row) in &rows {
        assert_eq!(numbers(workspace, Some(row.place)), all[at + 1..]);
    }
    assert_eq!(workspace.conversation_rows(query, &all, 3).len(), rows.len().min(3));
    rows.into_iter().map(|(_, row)| row.view.quality).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn r6_6_lists_have_what_there_is_in_order_whatever_happened(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut stage, mut now) = (Stage::new(), START);
        for step in steps {
            take(&mut stage, &mut now, step);
        }
        check_accounts(&mut stage, now);
        check_conversations(&mut stage, now);
    }

    #[test]
    fn r6_6_what_was_pinned_stays_in_its_order_and_every_conversation_comes_once(
        before in proptest::collection::vec(step(), 1..60),
        after in proptest::collection::vec(step(), 1..60),
        descending: bool,
    ) {
        let (mut stage, mut now) = (Stage::new(), START);
        for step in before {
            take(&mut stage, &mut now, step);
        }
        let query = ConversationQuery { descending, ..ConversationQuery::default() };
        let ids = |stage: &Stage, pinned: &Pinned| -> Vec<Id> {
            let numbers = pinned.numbers(descending, 0, usize::MAX);
            let rows = stage.local.workspace.conversation_rows(&query, &numbers, usize::MAX);
            rows.into_iter().map(|(_, row)| row.view.quality.conversation_id).collect()
        };
        let pinned = stage.local.workspace.pin_conversations(&query);
        let first = ids(&stage, &pinned);
        for step in after.into_iter().filter(|step| !matches!(step, Step::Retain(_) | Step::Erase(_))) {
            take(&mut stage, &mut now, step);
        }
        prop_assert_eq!(ids(&stage, &pinned), first);
    }
}

#[test]
fn r6_6_names_are_in_order_letter_by_letter() {
    let mut stage = Stage::new();
    let names = [Some("nordic parts aps"), Some("Nordic Parts A/S"), None, Some("Ærø"), Some("ACME"), Some("nordic")];
    for (n, name) in (0..).zip(names) {
        let number = stage.local.workspace.accounts.find_or_create(Id(100 + n));
        if let Some(name) = name {
            stage.local.workspace.accounts.rename(number, name);
        }
    }
    let cut = stage.local.workspace.cut_accounts();
    let query = |name: Option<&str>| AccountQuery {
        sort: AccountSort::Name,
        name: name.map(Into::into),
        ..AccountQuery::default()
    };
    let named = |query: &AccountQuery| -> Vec<_> {
        let rows = stage.local.workspace.account_rows(query, &cut.all(query, None), usize::MAX, START);
        rows.into_iter().map(|(_, row)| row.name.map(|name| name.to_string())).collect()
    };
    let expected =
        [Some("ACME"), Some("nordic"), Some("Nordic Parts A/S"), Some("nordic parts aps"), Some("Ærø"), None];
    assert_eq!(named(&query(None)).iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
    assert_eq!(named(&query(Some("parts a"))).len(), 2);
    assert_eq!(named(&query(Some("æ"))).len(), 1);
    assert!(named(&query(Some("x"))).is_empty());
}
