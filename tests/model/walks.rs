//! R6.6 compared: lists as they are, and lists that somebody goes through, a few rows after each frame.

use tripswitch::domain::ids::Id;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::time::Millis;
use tripswitch::domain::view::ChurnRisk;
use tripswitch::domain::workspace::Workspace;
use tripswitch::domain::workspace::account_list::{AccountQuery, AccountRow, AccountSort, AccountsCut, Stale};
use tripswitch::domain::workspace::conversation_list::{
    ConversationQuery, ConversationRow, ConversationSort, Pinned, Place,
};

use crate::broken::Broken;
use crate::compare::{Check, Compared, same};
use crate::lists::{AccountLine, ConversationLine};
use crate::naive::Naive;
use crate::people::LABELS;
use crate::random::Random;

/// Numbers that are looked at after a frame.
const STEP: usize = 4;
/// Lists that are gone through at a time.
const WALKS: usize = 3;

/// What is gone through.
enum Order {
    Accounts(AccountQuery, AccountsCut),
    Pinned(ConversationQuery, Pinned),
    Sorted(ConversationQuery, Vec<u32>),
}

/// A list that somebody goes through.
pub struct Walk {
    order: Order,
    rank: usize,
    shown: Vec<Id>,
    /// What it was when it began.
    expected: Vec<Id>,
    /// Those of it that have fitted ever since.
    steady: Vec<Id>,
}

fn stale(cut: &AccountsCut, now: Millis) -> Vec<u32> {
    let mut stale = Stale::at(now);
    cut.risk_counts(&mut stale);
    stale.numbers
}

/// All accounts as the service asks for them.
fn looked_at(workspace: &mut Workspace, now: Millis) -> AccountsCut {
    let cut = workspace.cut_accounts();
    let numbers = stale(&cut, now);
    if numbers.is_empty() {
        return cut;
    }
    workspace.look_at(&numbers, now);
    let cut = workspace.cut_accounts();
    assert_eq!(stale(&cut, now), [0; 0], "what was looked at is not stale");
    cut
}

/// In whichever of the two ways the workspace chooses.
fn sorted(workspace: &mut Workspace, query: &ConversationQuery, behind: Option<Place>) -> (Vec<u32>, usize) {
    workspace.sort_conversations(query, behind).unwrap_or_else(|cut| cut.sorted(behind))
}

fn line(row: AccountRow) -> AccountLine {
    AccountLine {
        health: row.health,
        name: row.name.map(|name| name.to_string()),
        last_scored_at: row.last_scored_at,
        active_breaker: row.active_breaker,
    }
}

impl Walk {
    /// The ids of the list as it is now.
    fn now(order: &Order, naive: &Naive, now: Millis) -> Vec<Id> {
        match order {
            Order::Accounts(query, _) => {
                naive.account_list(query, now).into_iter().map(|line| line.health.account_id).collect()
            }
            Order::Pinned(query, _) | Order::Sorted(query, _) => {
                naive.conversation_list(query).into_iter().map(|(view, _)| view.quality.conversation_id).collect()
            }
        }
    }

    fn begin(order: Order, naive: &Naive, now: Millis) -> Self {
        let expected = Self::now(&order, naive, now);
        Self { order, rank: 0, shown: Vec::new(), steady: expected.clone(), expected }
    }

    /// The next numbers. Whether there were any.
    fn read(&mut self, workspace: &Workspace, now: Millis) -> bool {
        let piece = |numbers: &[u32]| numbers.iter().copied().skip(self.rank).take(STEP).collect::<Vec<u32>>();
        let numbers = match &self.order {
            Order::Accounts(query, cut) => piece(&cut.all(query, None)),
            Order::Pinned(query, pinned) => pinned.numbers(query.descending, self.rank, STEP),
            Order::Sorted(_, numbers) => piece(numbers),
        };
        let shown: Vec<Id> = match &self.order {
            Order::Accounts(query, _) => {
                let rows = workspace.account_rows(query, &numbers, STEP, now);
                rows.into_iter().map(|(_, row)| row.health.account_id).collect()
            }
            Order::Pinned(query, _) | Order::Sorted(query, _) => {
                let rows = workspace.conversation_rows(query, &numbers, STEP);
                rows.into_iter().map(|(_, row)| row.view.quality.conversation_id).collect()
            }
        };
        self.rank += STEP;
        self.shown.extend(shown);
        !numbers.is_empty()
    }

    /// Each that was there all the time is shown once, in the order of then.
    fn end(self) -> Check {
        let steady = |ids: Vec<Id>| ids.into_iter().filter(|id| self.steady.contains(id)).collect::<Vec<_>>();
        same("what somebody saw who went through a list", steady(self.shown), steady(self.expected))
    }
}

impl Compared {
    /// Goes on with lists, and begins others.
    pub fn go_on(&mut self, now: Millis) -> Check {
        let mut rng = Random::new(self.frames.len() as u64 ^ 0x5eed);
        for mut walk in std::mem::take(&mut self.walks) {
            let fitting = Walk::now(&walk.order, &self.naive, now);
            walk.steady.retain(|id| fitting.contains(id));
            if self.naive.breaks(Broken::PagesByRank) {
                // What is shown at a place is what stands there by now.
                walk.shown.extend(fitting.into_iter().skip(walk.rank).take(STEP));
                walk.rank += STEP;
                if walk.rank < walk.expected.len() { self.walks.push(walk) } else { walk.end()? }
            } else if walk.read(self.real.workspace(), now) {
                self.walks.push(walk);
            } else {
                walk.end()?;
            }
        }
        if self.walks.len() < WALKS && rng.chance(40) {
            let workspace = self.real.workspace();
            let order = if rng.chance(40) {
                self.naive.coverage.count("walk through accounts");
                Order::Accounts(accounts_asked(&mut rng), looked_at(workspace, now))
            } else {
                let query = self.naive.conversations_asked(&mut rng, 8);
                self.naive.coverage.count("walk through conversations");
                match query.sort {
                    ConversationSort::ScoredAt => {
                        let pinned = workspace.pin_conversations(&query);
                        Order::Pinned(query, pinned)
                    }
                    ConversationSort::Composite => {
                        let (numbers, _) = sorted(workspace, &query, None);
                        Order::Sorted(query, numbers)
                    }
                }
            };
            self.walks.push(Walk::begin(order, &self.naive, now));
        }
        Ok(())
    }

    pub fn some_lists(&mut self, now: Millis) -> Check {
        let mut rng = Random::new(self.frames.len() as u64 ^ 0x1157);
        let workspace = self.real.workspace();
        same_accounts(workspace, &mut self.naive, &mut rng, now)?;
        same_conversations(workspace, &mut self.naive, &mut rng)
    }

    /// As of any moment that is not yet; for that nothing else is asked of the workspace.
    pub fn lists(&mut self, now: Millis) -> Check {
        let mut rng = Random::new(now.unsigned_abs());
        let workspace = &mut self.real.workspace().clone();
        same("risks", looked_at(workspace, now).risk_counts(&mut Stale::nobody()), self.naive.risk_counts(now))?;
        same_accounts(workspace, &mut self.naive, &mut rng, now)?;
        same_conversations(workspace, &mut self.naive, &mut rng)
    }
}

fn same_accounts(workspace: &mut Workspace, naive: &mut Naive, rng: &mut Random, now: Millis) -> Check {
    let cut = looked_at(workspace, now);
    same("risks", cut.risk_counts(&mut Stale::nobody()), naive.risk_counts(now))?;
    for query in [AccountQuery::default(), accounts_asked(rng), accounts_asked(rng)] {
        let all = cut.all(&query, None);
        let rows = workspace.account_rows(&query, &all, usize::MAX, now);
        same("accounts that fit", rows.iter().map(|(at, _)| *at).collect::<Vec<_>>(), (0..all.len()).collect())?;
        let places: Vec<_> = rows.iter().map(|(_, row)| (row.key, row.number)).collect();
        let lines: Vec<_> = rows.into_iter().map(|(_, row)| line(row)).collect();
        same(&format!("accounts {query:?}"), &lines, &naive.account_list(&query, now))?;
        naive.coverage.add("accounts in lists", lines.len() as u64);
        let most = rng.index(5) + 1;
        same(
            "first accounts",
            cut.first(&query, None, most, &mut Stale::nobody()),
            all.iter().copied().take(most).collect(),
        )?;
        if !places.is_empty() {
            let at = rng.index(places.len());
            same("accounts behind one", &cut.all(&query, Some(places[at])), &all[at + 1..].to_vec())?;
            let next = all.iter().copied().skip(at + 1).take(most).collect();
            same("first accounts behind one", cut.first(&query, Some(places[at]), most, &mut Stale::nobody()), next)?;
        }
    }
    Ok(())
}

fn same_conversations(workspace: &mut Workspace, naive: &mut Naive, rng: &mut Random) -> Check {
    for filters in [0, 12, 25] {
        let query = naive.conversations_asked(rng, filters);
        let expected = naive.conversation_list(&query);
        naive.coverage.add("conversations in lists", expected.len() as u64);
        let what = format!("conversations {query:?}");
        let (numbers, pinned) = match query.sort {
            ConversationSort::ScoredAt => {
                let pinned = workspace.pin_conversations(&query);
                (pinned.numbers(query.descending, 0, usize::MAX), Some(pinned))
            }
            ConversationSort::Composite => (sorted(workspace, &query, None).0, None),
        };
        let rows = workspace.conversation_rows(&query, &numbers, usize::MAX);
        let shown: Vec<_> = rows.iter().map(|(_, row)| conversation_line(row)).collect();
        same(&what, &shown, &expected)?;
        if rows.is_empty() {
            continue;
        }
        let at = rng.index(rows.len());
        let place = rows[at].1.place;
        let behind = match pinned {
            Some(pinned) => {
                let passed = workspace.pinned_behind(&pinned, query.descending, place.1);
                pinned.numbers(query.descending, passed, usize::MAX)
            }
            None => {
                let (numbers, passed) = sorted(workspace, &query, Some(place));
                numbers[passed..].to_vec()
            }
        };
        let rest = workspace.conversation_rows(&query, &behind, usize::MAX);
        let rest: Vec<_> = rest.iter().map(|(_, row)| conversation_line(row)).collect();
        same(&format!("behind one, {what}"), &rest, &expected[at + 1..].to_vec())?;
    }
    Ok(())
}

fn conversation_line(row: &ConversationRow) -> ConversationLine {
    (row.view.clone(), row.account_name.clone())
}

fn accounts_asked(rng: &mut Random) -> AccountQuery {
    use AccountSort::{ChurnRisk as Risk, Composite, LastScoredAt, Name};
    let some = rng.pick(&[ChurnRisk::Critical, ChurnRisk::High, ChurnRisk::Medium, ChurnRisk::Low]);
    AccountQuery {
        sort: rng.pick(&[Risk, Risk, Composite, Name, LastScoredAt]),
        risks: rng.pick(&[vec![].as_slice(), &[], &[some], &[some, ChurnRisk::Low]]).to_vec(),
        paused: rng.pick(&[None, None, None, Some(true), Some(false)]),
        name: rng.pick(&[None, None, Some("nordic part"), Some("ål"), Some("o")]).map(Into::into),
    }
}

impl Naive {
    /// Any question, with so many percent of each filter.
    fn conversations_asked(&self, rng: &mut Random, percent: u64) -> ConversationQuery {
        let times: Vec<Millis> =
            self.conversations.iter().filter_map(|known| known.score.as_ref()).map(|score| score.scored_at).collect();
        let time =
            |rng: &mut Random| (!times.is_empty() && rng.chance(percent)).then(|| rng.pick(&times) + rng.range(-1, 1));
        let (from, to) = (time(rng), time(rng));
        let score =
            |rng: &mut Random| rng.chance(percent).then(|| Hundredths(rng.pick(&[200, 250, 299, 300, 301, 350, 400])));
        let accounts: Vec<Id> = self.accounts.iter().map(|(id, _)| *id).chain([Id(3)]).collect();
        ConversationQuery {
            account: rng.chance(percent + 10).then(|| rng.pick(&accounts)),
            sort: rng.pick(&[ConversationSort::ScoredAt, ConversationSort::Composite]),
            descending: rng.chance(50),
            low: rng.chance(percent).then(|| rng.chance(70)),
            resolved: rng.chance(percent).then(|| rng.chance(60)),
            reopened: rng.chance(percent).then(|| rng.chance(60)),
            min_confidence: rng.chance(percent).then(|| Hundredths(rng.pick(&[1, 20, 50, 51, 100]))),
            min_score: score(rng),
            max_score: score(rng),
            labels: LABELS.map(|names| rng.chance(percent).then(|| rng.pick(&[names[0], names[1], "phone"]).into())),
            model_version: rng.chance(percent).then(|| rng.pick(&["support-2", "task-1", "other"]).into()),
            from,
            to,
        }
    }
}
