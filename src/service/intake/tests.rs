use super::*;

const T: Millis = 1_750_000_000_000;

fn live(id: u128) -> WorkspaceKey {
    WorkspaceKey { id: Id(id), side: Side::Live }
}

fn tenant(name: &str) -> Arc<str> {
    name.into()
}

/// A refusal at this time.
fn refused(at: Millis) -> KeptRejection {
    KeptRejection {
        at: Timestamp(at),
        code: "malformed".into(),
        error: "The event is not JSON.".into(),
        pointer: None,
        kind: None,
        request_id: "r".into(),
    }
}

fn answer(accepted: usize, duplicates: usize) -> IngestAnswer {
    IngestAnswer { accepted, duplicates, rejected: Vec::new() }
}

/// The minutes in which something came, as minutes ago.
fn told(intake: &Intake, key: WorkspaceKey, now: Millis) -> Vec<(i64, u64)> {
    let rates = intake.rates(key, now);
    assert_eq!(rates.len(), 61);
    assert!(rates.windows(2).all(|two| two[1].minute.0 - two[0].minute.0 == MINUTE), "oldest first, and none left out");
    let present = rates[60].minute.0;
    rates
        .iter()
        .filter(|rate| rate.accepted.0 > 0)
        .map(|rate| ((present - rate.minute.0) / MINUTE, rate.accepted.0))
        .collect()
}

#[test]
fn r4_12_the_last_hundred_of_a_side_are_kept() {
    let intake = Intake::default();
    for n in 0..250 {
        intake.keep(&tenant("a"), live(1), vec![refused(T + n)]);
    }
    let at = |key| intake.rejections("a", key).iter().map(|refused| refused.at.0 - T).collect::<Vec<_>>();
    assert_eq!(at(live(1)), (150..250).rev().collect::<Vec<_>>());
    intake.keep(&tenant("a"), live(1), (250..340).map(|n| refused(T + n)).collect());
    assert_eq!(at(live(1)), (240..340).rev().collect::<Vec<_>>());
    assert!(at(live(2)).is_empty());
    assert!(intake.rejections("b", live(1)).is_empty());
}

#[test]
fn i5_a_tenant_keeps_refusals_of_the_sides_that_were_refused_last() {
    let intake = Intake::default();
    intake.keep(&tenant("b"), live(9_000), vec![refused(T)]);
    for n in 0..5_000 {
        intake.keep(&tenant("a"), live(n), vec![refused(T + n as Millis)]);
        // One that is refused again and again stays.
        intake.keep(&tenant("a"), live(0), vec![refused(T + n as Millis)]);
    }
    assert_eq!(intake.refused.get("a").unwrap().len(), SIDES);
    let kept = (0..5_000).filter(|n| !intake.rejections("a", live(*n)).is_empty()).collect::<Vec<_>>();
    assert_eq!((kept.len(), kept[0], kept[1]), (SIDES, 0, 4_901));
    assert_eq!(intake.rejections("b", live(9_000)).len(), 1, "another tenant's stay");
}

#[test]
fn r4_12_the_last_hour_is_told_by_minutes() {
    let (intake, start) = (Intake::default(), begin(T));
    assert_eq!(told(&intake, live(1), T), []);
    intake.count(live(1), start, &answer(1, 0));
    intake.count(live(1), start + MINUTE - 1, &answer(2, 5));
    intake.count(live(1), start + MINUTE, &answer(4, 0));
    assert_eq!(told(&intake, live(1), start + MINUTE), [(1, 3), (0, 4)]);
    assert_eq!(told(&intake, live(1), start + 60 * MINUTE), [(60, 3), (59, 4)]);
    assert_eq!(told(&intake, live(1), start + 61 * MINUTE), [(60, 4)], "whether or not anything came since");
    intake.count(live(1), start + 61 * MINUTE, &answer(8, 0));
    assert_eq!(told(&intake, live(1), start + 61 * MINUTE), [(60, 4), (0, 8)]);
    assert_eq!(intake.rates.get(&live(1)).unwrap().0.len(), 2, "what is not told of is not held");
}

#[test]
fn r4_12_a_clock_that_steps_back_goes_on_in_the_newest_minute() {
    let (intake, start) = (Intake::default(), begin(T));
    intake.count(live(1), start, &answer(1, 0));
    intake.count(live(1), start - 3 * MINUTE, &answer(2, 0));
    assert_eq!(told(&intake, live(1), start - 3 * MINUTE), [(0, 3)]);
}

#[test]
fn r4_12_nothing_is_left_of_what_is_idle_or_gone() {
    let intake = Intake::default();
    let test = WorkspaceKey { side: Side::Test, ..live(1) };
    for key in [live(1), test, live(2), live(3)] {
        intake.count(key, T, &answer(1, 0));
        intake.keep(&tenant("a"), key, vec![refused(T)]);
    }
    intake.forget_workspace(Id(1));
    for key in [live(1), test] {
        assert_eq!((told(&intake, key, T), intake.rejections("a", key)), (vec![], vec![]));
    }
    assert_eq!((told(&intake, live(2), T).len(), intake.rejections("a", live(2)).len()), (1, 1));
    intake.forget_idle(T + 60 * MINUTE, |id| id == Id(2));
    assert_eq!((intake.rates.len(), intake.refused.get("a").unwrap().len()), (1, 1), "what came while it went, too");
    intake.forget_idle(T + 61 * MINUTE, |id| id == Id(2));
    assert_eq!((intake.rates.len(), intake.rejections("a", live(2)).len()), (0, 1), "refusals have no age");
    intake.forget_idle(T, |_| false);
    assert!(intake.refused.is_empty());
}
