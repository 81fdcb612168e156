//! What has happened in the five weeks before the demo, in order. It is made anew for each start, of the same choices:
//! only where they lie in the week depends on the day.

use serde_json::Value;
use uuid::Uuid;

use super::choice::{Chooser, Dice};
use super::events::{Conversation, account_id, account_named};
use super::texts::{Account, ByHand, Correction, Deed, Incident, Story, TEXTS, fitting};
use crate::domain::time::{DAY, HOUR, MINUTE, Millis};

/// How far the history reaches back.
pub const SPAN: Millis = 35 * DAY;

/// Of the accounts' dice. With this one a few accounts are at risk, and Nordic Parts is not, yet.
const SEED: u64 = 3_000;

/// How long before the start it ends.
const CALM: Millis = 5 * MINUTE;

/// The least time between two conversations of an account.
const APART: Millis = 5 * MINUTE;

/// Since when alerts and the board of the team hear of what happens.
const ALERTS_SINCE: Millis = 30 * DAY;
const BOARD_SINCE: Millis = 3 * HOUR;

/// What an incident of the same day takes at most.
const FOLLOWS: Millis = 6 * HOUR;

/// When the snapshot was taken.
const SNAPSHOT: Millis = 9 * HOUR;

/// What is done, in the history.
#[derive(Clone, Debug)]
pub enum Act {
    /// A breaker of the scope trips by hand.
    Trip {
        scope: String,
        by: &'static ByHand,
    },
    /// `acknowledge`, `notes` or `resolve` of the scope's breaker.
    Breaker {
        scope: String,
        step: &'static str,
        deed: &'static Deed,
    },
    Change {
        by: &'static str,
        path: &'static str,
        body: &'static Value,
    },
    Correct {
        conversation: Uuid,
        by: &'static str,
        body: &'static Value,
    },
    /// An endpoint is made, of the demo's receiver.
    Webhook {
        description: &'static str,
        types: &'static [&'static str],
    },
    Snapshot,
    /// Webhooks have been told of what happened last.
    Heard,
}

#[derive(Clone, Debug)]
pub enum What {
    Event(Value),
    Act(Act),
}

/// The whole history.
pub struct Plan {
    /// In the order of time.
    pub items: Vec<(Millis, What)>,
    pub conversations: usize,
}

/// The hours that the weights of a week and a day make more or less busy.
struct Calendar {
    from: Millis,
    /// The sum of the weights up to each hour, itself included.
    sums: Vec<u64>,
}

/// From Monday on.
const DAYS: [u64; 7] = [11, 10, 10, 9, 9, 4, 3];
/// From midnight UTC on.
const HOURS: [u64; 24] = [1, 1, 1, 1, 1, 2, 4, 8, 10, 10, 9, 8, 9, 10, 9, 8, 7, 5, 4, 3, 3, 2, 2, 1];

impl Calendar {
    fn new(from: Millis, hours: Millis) -> Self {
        let weight = |hour: Millis| {
            let at = from + hour * HOUR;
            // 1970 began on a Thursday.
            let of = |list: &[u64], place: Millis| usize::try_from(place).ok().and_then(|i| list.get(i)).copied();
            of(&DAYS, (at.div_euclid(DAY) + 3).rem_euclid(7)).unwrap_or(0)
                * of(&HOURS, at.rem_euclid(DAY) / HOUR).unwrap_or(0)
        };
        let sums = (0..hours).scan(0, |sum, hour| {
            *sum += weight(hour);
            Some(*sum)
        });
        Self { from, sums: sums.collect() }
    }

    fn moment(&self, dice: &Dice) -> Millis {
        let drawn = dice.below(self.sums.last().copied().unwrap_or(0));
        let hour = self.sums.partition_point(|sum| *sum <= drawn);
        self.from + Millis::try_from(hour).unwrap_or(0) * HOUR + dice.between(0, HOUR - 1)
    }
}

/// What an account went through.
struct Past {
    account: usize,
    conversation: Uuid,
    began: Millis,
    ended: Millis,
    low: bool,
    events: Vec<(Millis, Value)>,
}

pub fn plan(now: Millis) -> Plan {
    let Story { incidents, changes, correction } = &TEXTS.story;
    let calendar = Calendar::new(now - SPAN, SPAN / HOUR);
    let mut past: Vec<Past> =
        TEXTS.accounts.iter().enumerate().flat_map(|(place, account)| weeks(place, account, now, &calendar)).collect();
    let mut acts = Vec::new();
    for (number, incident) in incidents.iter().enumerate() {
        take_place(incident, now, &Dice::new(1_000 + number as u64), &mut past, &mut acts);
    }
    acts.extend(changes.iter().map(|change| {
        let act = Act::Change { by: &change.by, path: &change.path, body: &change.body };
        (hour_of(now, change.days_ago, change.hour), act)
    }));
    acts.extend(correct(correction, now, &past));
    acts.extend(machinery().map(|(before, act)| (now - before, act)));
    let conversations = past.len();
    let events = past.into_iter().flat_map(|one| one.events).map(|(at, event)| (at, What::Event(event)));
    // Of the same time events come before what is done about them.
    let mut items: Vec<_> = events.chain(acts.into_iter().map(|(at, act)| (at, What::Act(act)))).collect();
    items.sort_by_key(|(at, _)| *at);
    Plan { items, conversations }
}

/// What belongs to the installation.
fn machinery() -> [(Millis, Act); 3] {
    let alerts = Act::Webhook {
        description: "On-call alerts",
        types: &["breaker.triggered", "breaker.acknowledged", "breaker.resolved"],
    };
    let board =
        Act::Webhook { description: "Customer success board", types: &["account.risk_changed", "conversation.scored"] };
    [(ALERTS_SINCE, alerts), (SNAPSHOT, Act::Snapshot), (BOARD_SINCE, board)]
}

/// The latest full hour of that number that is so many days past, and long enough for what follows to be over.
fn hour_of(now: Millis, days_ago: i64, hour: i64) -> Millis {
    let hour = hour * HOUR;
    (now - days_ago * DAY - FOLLOWS - hour).div_euclid(DAY) * DAY + hour
}

/// An account's own weeks: one conversation after the other.
fn weeks(place: usize, account: &'static Account, now: Millis, calendar: &Calendar) -> Vec<Past> {
    // The times have dice of their own: what happens does not depend on when.
    let (dice, times) = (Dice::new(SEED + place as u64), Dice::new(place as u64));
    let mut moments: Vec<_> = (0..account.conversations).map(|_| calendar.moment(&times)).collect();
    moments.sort_unstable();
    let mut chooser = Chooser::new(account);
    let mut free = now - SPAN;
    let mut made = Vec::new();
    for (number, moment) in moments.into_iter().enumerate() {
        let week = (number * 5 / account.conversations) as u64;
        let (script, low) = chooser.next(week, &dice);
        let began = moment.max(free);
        let conversation = Conversation { id: dice.id(), account: place, script };
        let one = past(conversation, began, low, false, &dice);
        if one.ended > now - CALM {
            break;
        }
        free = one.ended + APART;
        made.push(one);
    }
    made
}

fn past(conversation: Conversation, began: Millis, low: bool, quick: bool, dice: &Dice) -> Past {
    let events = conversation.past(began, quick, dice);
    let ended = events.last().map_or(began, |(at, _)| *at);
    Past { account: conversation.account, conversation: conversation.id, began, ended, low, events }
}

/// A breaker of the past, from what made it trip to its end.
fn take_place(
    incident: &'static Incident,
    now: Millis,
    dice: &Dice,
    past: &mut Vec<Past>,
    acts: &mut Vec<(Millis, Act)>,
) {
    let began = hour_of(now, incident.days_ago, incident.hour);
    let (scope, tripped) = match (&incident.account, &incident.by_hand) {
        (Some(name), _) => {
            let Some((place, _)) = account_named(name) else { return };
            let tripped = fails(incident, place, began, dice, past);
            (format!("account:acc_{}", account_id(place)), tripped)
        }
        (None, Some(by)) => {
            let scope = format!("intent:{}", incident.intent);
            acts.push((began, Act::Trip { scope: scope.clone(), by }));
            (scope, began)
        }
        (None, None) => return,
    };
    acts.push((tripped, Act::Heard));
    let deeds = [
        ("acknowledge", Some(&incident.acknowledged)),
        ("notes", incident.noted.as_ref()),
        ("resolve", Some(&incident.resolved)),
    ];
    for (step, deed) in deeds {
        let Some(deed) = deed else { continue };
        let (at, scope) = (tripped + deed.minutes * MINUTE, scope.clone());
        acts.push((at, Act::Breaker { scope, step, deed }));
        acts.push((at, Act::Heard));
    }
}

/// Three conversations of an account fail, and people answer until the breaker is resolved; the others of that time
/// did not take place. The end of the third.
fn fails(incident: &Incident, place: usize, began: Millis, dice: &Dice, past: &mut Vec<Past>) -> Millis {
    let name = &TEXTS.accounts[place].name;
    let until = began + HOUR + incident.resolved.minutes * MINUTE;
    past.retain(|one| one.account != place || one.ended < began || one.began > until);
    let failing = TEXTS.bad.iter().filter(|script| script.intent == incident.intent).cycle();
    let mut at = began;
    for script in failing.take(3) {
        let conversation = Conversation { id: dice.id(), account: place, script };
        let one = self::past(conversation, at, true, true, dice);
        at = one.ended + 2 * MINUTE;
        past.push(one);
    }
    let tripped = at - 2 * MINUTE;
    let answered =
        fitting(&TEXTS.by_a_person, name).map(|script| Conversation { id: dice.id(), account: place, script });
    let pause = incident.acknowledged.minutes * MINUTE;
    for (number, conversation) in answered.enumerate() {
        let at = tripped + pause + Millis::try_from(number).unwrap_or(0) * 20 * MINUTE;
        past.push(self::past(conversation, at, false, true, dice));
    }
    tripped
}

/// The correction of the account's first low score since its day, two hours later.
fn correct(correction: &'static Correction, now: Millis, past: &[Past]) -> Option<(Millis, Act)> {
    let Correction { account, days_ago, by, body } = correction;
    let (place, _) = account_named(account)?;
    let since = now - days_ago * DAY;
    let wrong = past.iter().find(|one| one.account == place && one.low && one.began > since)?;
    let act = Act::Correct { conversation: wrong.conversation, by, body };
    Some((wrong.ended + 2 * HOUR, act))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-25T10:00:00.000Z, a Wednesday.
    const NOW: Millis = 1_774_432_800_000;

    /// A day of each kind, at different hours.
    fn starts() -> impl Iterator<Item = Millis> {
        (0..14).map(|day| NOW + day * (DAY + 5 * HOUR))
    }

    #[test]
    fn the_history_is_long_busy_and_over() {
        for now in starts() {
            let Plan { items, conversations } = plan(now);
            assert!((600..=900).contains(&conversations), "{conversations}");
            assert!(items.is_sorted_by_key(|(at, _)| *at));
            let times = items.iter().map(|(at, _)| *at);
            assert!(times.clone().min() < Some(now - SPAN + DAY) && times.max() <= Some(now - CALM));
        }
    }

    #[test]
    fn weekends_are_calm() {
        let calendar = Calendar::new(NOW - SPAN, SPAN / HOUR);
        let dice = Dice::new(1);
        let mut days = [0; 7];
        for _ in 0..7_000 {
            let day = (calendar.moment(&dice).div_euclid(DAY) + 3).rem_euclid(7);
            days[usize::try_from(day).expect("a day of the week")] += 1;
        }
        assert!(days[5].max(days[6]) * 3 < days[..5].iter().copied().min().unwrap_or(0) * 2, "{days:?}");
    }

    #[test]
    fn only_incidents_have_three_low_scores_in_a_row() {
        for now in starts() {
            let calendar = Calendar::new(now - SPAN, SPAN / HOUR);
            for (place, account) in TEXTS.accounts.iter().enumerate() {
                let weeks = weeks(place, account, now, &calendar);
                assert!(weeks.is_sorted_by_key(|one| one.ended), "{}", account.name);
                assert!(weeks.windows(2).all(|two| !(two[0].low && two[1].low)), "{}", account.name);
            }
        }
    }

    #[test]
    fn everything_of_the_story_happens() {
        let count = |wanted: fn(&Act) -> bool| {
            let items = plan(NOW).items.into_iter();
            items.filter(|(_, what)| matches!(what, What::Act(act) if wanted(act))).count()
        };
        let Story { incidents, changes, .. } = &TEXTS.story;
        assert_eq!(count(|act| matches!(act, Act::Breaker { step: "resolve", .. })), incidents.len());
        assert_eq!(count(|act| matches!(act, Act::Change { .. })), changes.len());
        assert_eq!(count(|act| matches!(act, Act::Correct { .. })), 1);
        assert_eq!(count(|act| matches!(act, Act::Webhook { .. })), 2);
    }

    #[test]
    fn the_choices_do_not_depend_on_the_day() {
        let moods = |now| -> Vec<Vec<bool>> {
            let calendar = Calendar::new(now - SPAN, SPAN / HOUR);
            let of =
                |(place, account)| weeks(place, account, now, &calendar).iter().map(|one| one.low).take(10).collect();
            TEXTS.accounts.iter().enumerate().map(of).collect()
        };
        assert_eq!(moods(NOW), moods(NOW + 3 * DAY + 7 * HOUR));
    }
}
