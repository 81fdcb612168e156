//! The signals of `support-2` that messages carry. docs/scoring.md has the table in words.
//!
//! Turns of the customer before the first answer are the *opening*: they describe the problem, not the service.
//! Those behind it are *replies*, the agent's turns behind the customer's first are *answers*. What stands in the
//! *last block*, the customer's last unbroken run of replies, counts most: how a conversation ends says how it went.

use std::ops::Range;

use super::likeness;
use super::pack::{List, mark};
use super::turns::{Turn, Turns};
use crate::domain::message::flag;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::evidence::{Ending, Evidence};
use crate::domain::scoring::measure::{Measure, bad, good, present, sat};

/// What was said before the end counts by this factor where the conversation ends well.
const FORGIVEN: f64 = 0.5;

/// The parts of a conversation, and what several signals ask of them.
pub struct View<'a> {
    is_read: bool,
    customer: Vec<&'a Turn<'a>>,
    opening: Vec<&'a Turn<'a>>,
    replies: Vec<&'a Turn<'a>>,
    answers: Vec<&'a Turn<'a>>,
    /// The answers without those to thanks, praise or a bare greeting: "you're welcome" may be said twice.
    telling: Vec<&'a Turn<'a>>,
    last_block: Vec<&'a Turn<'a>>,
    /// The turn before the last block.
    before_last_block: Option<&'a Turn<'a>>,
    /// No answer follows the last block: it is the end of the conversation.
    hangs: bool,
    /// The number of the unbroken run of one side that each turn of `telling`, and of `customer`, belongs to.
    blocks_of_telling: Vec<usize>,
    blocks_of_customer: Vec<usize>,
    /// Replies that contradict the answer before them.
    disputes: usize,
    end: End,
    /// The factor for what was said before the end: [`FORGIVEN`] where the conversation ends well, else 1.
    weight_before: f64,
    is_closed: bool,
    /// The number of automatic messages.
    automatic: u32,
}

/// How the last block reads (docs/scoring.md).
#[derive(Clone, Copy, Debug, Default)]
struct End {
    is_against: bool,
    asks: bool,
    is_loud: bool,
    /// In how many ways the customer is glad.
    glad: usize,
    /// It has something that no thanks outweighs.
    is_hard: bool,
    is_well: bool,
    /// The customer thanks in nearly every message.
    thanks_by_habit: bool,
}

impl<'a> View<'a> {
    /// `turns` must be made of `evidence`.
    pub fn of(turns: &'a Turns<'a>, evidence: &Evidence<'_>) -> Self {
        let all = &turns.all;
        let first = all.iter().position(Turn::is_customers).unwrap_or(all.len());
        let answer = (first..all.len()).find(|at| !all[*at].is_customers()).unwrap_or(all.len());
        let last_block = last_block(all, answer);
        let (block_of, of_customer) = (blocks(all), |at: &usize| all[*at].is_customers());
        let pick = |range: Range<usize>, customers: bool| -> Vec<usize> {
            range.filter(|at| of_customer(at) == customers).collect()
        };
        let at = |places: &[usize]| places.iter().map(|at| &all[*at]).collect::<Vec<_>>();
        let (customer, answers) = (pick(0..all.len(), true), pick(answer..all.len(), false));
        let replies = pick(answer..all.len(), true);
        let mut telling = answers.clone();
        telling.retain(|at| !wants_no_answer(&all[*at - 1]));
        let mut view = Self {
            is_read: turns.is_read,
            opening: at(&pick(0..answer, true)),
            replies: at(&replies),
            last_block: at(&last_block.clone().collect::<Vec<_>>()),
            before_last_block: last_block
                .start
                .checked_sub(1)
                .and_then(|at| all.get(at))
                .filter(|_| !last_block.is_empty()),
            hangs: !last_block.is_empty() && last_block.end == all.len(),
            blocks_of_telling: telling.iter().map(|at| block_of[*at]).collect(),
            telling: at(&telling),
            blocks_of_customer: customer.iter().map(|at| block_of[*at]).collect(),
            disputes: replies.iter().filter(|at| disputes(&all[**at - 1], &all[**at])).count(),
            customer: at(&customer),
            answers: at(&answers),
            end: End::default(),
            weight_before: 1.0,
            is_closed: evidence.ending == Some(Ending::Closed),
            automatic: evidence.automatic,
        };
        if view.replies.is_empty() && view.opens_with_praise() {
            view.replies = std::mem::take(&mut view.opening);
            view.last_block.clone_from(&view.replies);
        }
        view.end = view.read_end();
        if view.end.is_well {
            view.weight_before = FORGIVEN;
        }
        view
    }

    /// Whether the opening praises something earlier, and nothing else.
    fn opens_with_praise(&self) -> bool {
        let praises = |turn: &&Turn<'_>| turn.hits(List::Praise);
        let wants = |turn: &&Turn<'_>| turn.is_against() || turn.asks() || turn.is_loud();
        self.opening.iter().any(praises) && !self.opening.iter().any(wants)
    }

    fn read_end(&self) -> End {
        let thanks_by_habit = self.thanks_by_habit();
        let glad = [List::Thanks, List::Praise, List::Solved].into_iter();
        let glad = glad.filter(|list| self.ends_with(*list) && !(*list == List::Thanks && thanks_by_habit)).count()
            + usize::from(self.last_block.iter().any(|turn| turn.is(flag::GLAD)));
        let mut end = End {
            is_against: self.last_block.iter().any(|turn| turn.is_against()),
            asks: self.last_block.iter().any(|turn| turn.asks()),
            is_loud: self.last_block.iter().any(|turn| turn.is_loud()),
            glad,
            thanks_by_habit,
            ..End::default()
        };
        // Beside two ways of being glad, a complaint is only an emphatic word ("insane").
        end.is_hard = self.ends_with(List::Giveup)
            || self.ends_with(List::Threat)
            || self.last_block.iter().any(|turn| turn.has(mark::NEGATED))
            || (self.ends_with(List::Complaint) && glad < 2)
            || self
                .last_block
                .iter()
                .any(|turn| turn.is(flag::INSISTENT | flag::SAD) || (turn.is(flag::CAPITALS) && turn.is_against()));
        let is_glad_enough = self.ends_with(List::Praise)
            || glad >= 2
            || (glad == 1 && !end.is_against && !self.ends_with(List::Resign));
        end.is_well = !self.last_block.is_empty() && !end.is_hard && !end.asks && is_glad_enough;
        end
    }

    fn thanks_by_habit(&self) -> bool {
        let (before, after) = (count(&self.opening, List::Thanks), count(&self.replies, List::Thanks));
        before >= 2 || (before >= 1 && self.replies.len() >= 2 && 3 * after >= 2 * self.replies.len())
    }

    /// Whether a turn of the last block hits the list.
    fn ends_with(&self, list: List) -> bool {
        self.last_block.iter().any(|turn| turn.hits(list))
    }

    /// Whether the last answer hits the list.
    fn last_answer(&self, list: List) -> bool {
        self.answers.last().is_some_and(|answer| answer.hits(list))
    }

    /// Presence and goodness of a signal; nothing for signals that messages do not carry.
    pub(in crate::domain::scoring) fn measure(&self, kind: SignalKind) -> Measure {
        if self.customer.is_empty() {
            return bad(0.0);
        }
        match kind {
            SignalKind::Thanks => self.thanks(),
            SignalKind::Praise => {
                let is_meant = |turn: &Turn<'_>| turn.hits(List::Praise) && !turn.is_bad() && !turn.asks();
                self.glad(is_meant, self.ends_with(List::Praise) && !self.end.is_hard && !self.end.asks)
            }
            SignalKind::Solved => {
                let is_meant = |turn: &Turn<'_>| turn.hits(List::Solved) && !turn.is_against() && !turn.asks();
                let is_end = !self.end.asks && (self.end.is_well || !self.end.is_against);
                self.glad(is_meant, self.ends_with(List::Solved) && is_end)
            }
            SignalKind::ContentEnd => good(present(self.ends_content())),
            SignalKind::Warm => good(self.warmth()),
            SignalKind::Calm => {
                let is_calm = !self.replies.iter().any(|turn| turn.is_against() || turn.is_loud());
                good(present(self.is_read && !self.replies.is_empty() && !self.answers.is_empty() && is_calm))
            }
            SignalKind::Complaint => self.complaint(),
            SignalKind::Unsolved => self.against(|turn| turn.hits(List::Unsolved)),
            SignalKind::Giveup => self.against(|turn| turn.hits(List::Giveup)),
            SignalKind::Threat => self.against(|turn| turn.hits(List::Threat)),
            SignalKind::HumanAsked if self.end.glad > 0 => {
                bad(0.5 * self.before(&self.replies, |turn| turn.hits(List::Human)))
            }
            SignalKind::HumanAsked => self.against(|turn| turn.hits(List::Human)),
            SignalKind::Waiting => bad(self.before(&self.replies, |turn| turn.hits(List::Waiting))),
            SignalKind::Retold => bad(self.before(&self.replies, |turn| turn.hits_any(&[List::Tries, List::Restate]))),
            SignalKind::Shout => bad(self.before(&self.replies, |turn| turn.is_loud())),
            SignalKind::ResignEnd => bad(self.resignation()),
            SignalKind::OpenRepeat => bad(self.weight_before * sat(f64::from(self.opening_repeats()), 2.0)),
            SignalKind::Disputed => bad(self.weight_before * per_length(self.disputes as f64, self.replies.len())),
            SignalKind::DeniedEnd => bad(present(self.ends_denied())),
            SignalKind::LeftOpen => bad(present(self.is_left_open())),
            SignalKind::NoAnswer => bad(present(self.has_no_answer())),
            SignalKind::UserRepeats => {
                let repeats = likeness::of_customer(&self.customer, &self.blocks_of_customer);
                bad(self.weight_before * per_length(repeats, self.replies.len()))
            }
            SignalKind::ClosedOn => bad(present(self.is_closed_on())),
            SignalKind::NoReply => good(present(self.replies.is_empty())),
            SignalKind::LanguageUnknown => good(present(!self.is_read)),
            _ => self.measure_agent(kind),
        }
    }

    /// The signals of the agent's messages.
    fn measure_agent(&self, kind: SignalKind) -> Measure {
        let share = |list| count(&self.answers, list) as f64 / self.answers.len().max(1) as f64;
        // What helps counts less where the customer is still unhappy at the end.
        let unhelped = if self.hangs && self.end.is_against { FORGIVEN } else { 1.0 };
        match kind {
            SignalKind::AgentDone => {
                let is_unhappy = self.hangs && (self.end.is_against || self.end.is_loud);
                let ends = self.last_answer(List::AgentDone) && !self.last_answer(List::AgentCannot) && !is_unhappy;
                good(0.5 * sat(count(&self.answers, List::AgentDone) as f64, 1.0) + 0.5 * present(ends))
            }
            SignalKind::AgentOffer => good(unhelped * sat(share(List::AgentOffer), 0.5)),
            SignalKind::AgentSpecific => {
                let specific = self.answers.iter().filter(|answer| answer.is(flag::DIGIT)).count();
                good(unhelped * sat(specific as f64 / self.answers.len().max(1) as f64, 0.5))
            }
            SignalKind::AgentCannot => bad(self.weight_before * per_length(self.refusals(), self.answers.len())),
            SignalKind::AgentStall => bad(self.weight_before * sat(share(List::AgentStall), 0.5)),
            SignalKind::AgentDeflect => bad(self.weight_before * sat(share(List::AgentDeflect), 0.5)),
            SignalKind::AgentSorry => bad(self.apologies()),
            SignalKind::FollowupUnmet => {
                let is_unmet = self.end.is_against || self.ends_with(List::Resign);
                bad(present(count(&self.answers, List::AgentFollowup) > 0 && is_unmet && !self.end.is_well))
            }
            SignalKind::EndsUnresolved => bad(self.unresolved_end()),
            SignalKind::AgentRepeats => {
                let repeats = likeness::of_agent(&self.telling, &self.blocks_of_telling);
                bad(sat(repeats / thirds(self.answers.len()), 0.6))
            }
            _ => bad(0.0),
        }
    }

    /// Half for how often, half for the last block.
    fn glad(&self, is_meant: impl Fn(&Turn<'_>) -> bool, at_end: bool) -> Measure {
        let times = self.replies.iter().filter(|turn| is_meant(turn)).count();
        good(0.5 * sat(times as f64, 1.0) + 0.5 * present(at_end))
    }

    fn thanks(&self) -> Measure {
        let is_meant = |turn: &&&Turn<'_>| turn.hits(List::Thanks) && !turn.is_against() && !turn.asks();
        let times = self.replies.iter().filter(is_meant).count();
        let end = &self.end;
        let at_end = if !self.ends_with(List::Thanks) || end.is_hard || end.asks {
            0.0
        } else if end.is_against && !end.is_well {
            0.5
        } else {
            1.0
        };
        let worth = if end.thanks_by_habit { 0.15 } else { 1.0 };
        good(worth * (0.5 * sat(times as f64, 1.0) + 0.5 * at_end))
    }

    fn ends_content(&self) -> bool {
        let end = &self.end;
        self.ends_with(List::Content)
            && !(end.is_against || end.asks || end.is_hard || self.ends_with(List::Resign))
            && !self.last_block.iter().any(|turn| turn.has(mark::DENIES))
    }

    fn warmth(&self) -> f64 {
        if self.end.is_hard || (self.end.is_against && !self.end.is_well) {
            return 0.0;
        }
        let is_warm = |turn: &&&Turn<'_>| {
            let is_friendly = turn.is(flag::GLAD) || (turn.is(flag::EXCLAMATION) && turn.is_glad());
            is_friendly && !turn.is_against() && !turn.is(flag::INSISTENT)
        };
        sat(self.replies.iter().filter(is_warm).count() as f64, 1.0)
    }

    /// Half for how often, less where the conversation ends well; half for the last block.
    fn against(&self, says: impl Fn(&Turn<'_>) -> bool) -> Measure {
        let at_end = self.last_block.iter().any(|turn| says(turn)) && !self.end.is_well;
        bad(0.5 * self.before(&self.replies, says) + 0.5 * present(at_end))
    }

    /// A complaint in the opening counts where there are no replies, so that everything is said at once.
    fn complaint(&self) -> Measure {
        let complains = |turn: &Turn<'_>| turn.hits(List::Complaint) || turn.has(mark::NEGATED);
        if self.replies.is_empty() {
            bad(0.5 * present(self.opening.iter().any(|turn| complains(turn))))
        } else {
            self.against(complains)
        }
    }

    /// How many of `turns` do it, set against their number; less where the conversation ends well.
    fn before(&self, turns: &[&Turn<'_>], does: impl Fn(&Turn<'_>) -> bool) -> f64 {
        let times = turns.iter().filter(|turn| does(turn)).count();
        self.weight_before * per_length(times as f64, turns.len())
    }

    fn resignation(&self) -> f64 {
        if self.end.is_well || !self.ends_with(List::Resign) {
            0.0
        } else if self.end.glad > 0 {
            0.5
        } else {
            1.0
        }
    }

    /// How often the opening says that it is not the first attempt.
    fn opening_repeats(&self) -> u32 {
        let lists = [List::Waiting, List::Tries, List::Restate];
        self.opening.iter().map(|turn| lists.iter().map(|list| turn.times(*list)).sum::<u32>()).sum()
    }

    /// The last block denies something and agrees to nothing, and is no short answer to a question.
    fn ends_denied(&self) -> bool {
        let asked = |turn: &Turn<'_>| turn.asks() || turn.hits(List::AgentFollowup);
        let words: u32 = self.last_block.iter().map(|turn| turn.words()).sum();
        self.last_block.iter().any(|turn| turn.has(mark::DENIES))
            && !self.agrees_at_end()
            && (words >= 5 || !self.before_last_block.is_some_and(asked))
    }

    /// The customer's last word is a question, or several that nobody answers.
    fn is_left_open(&self) -> bool {
        let insists = self.last_block.len() > 1 && (self.end.is_against || self.end.is_loud);
        self.hangs && !self.agrees_at_end() && (self.end.asks || insists)
    }

    /// Closed although the customer's last word asks or complains, and nobody answered it.
    fn is_closed_on(&self) -> bool {
        let end = &self.end;
        self.is_closed && self.hangs && !self.agrees_at_end() && (end.asks || end.is_against || end.is_loud)
    }

    /// Whether the last block is glad, or agrees.
    fn agrees_at_end(&self) -> bool {
        self.last_block.iter().any(|turn| turn.is_glad() || turn.hits(List::Content))
    }

    /// Whether nobody but machines answered, and the customer or the machines wrote again.
    fn has_no_answer(&self) -> bool {
        let is_done =
            |turn: &&Turn<'_>| turn.is_glad() || (turn.hits_any(&[List::Content, List::Giveup]) && !turn.is_bad());
        let is_repeated = self.customer.len() >= 2 || self.automatic >= 2;
        self.answers.is_empty() && is_repeated && !self.customer[1..].iter().any(is_done)
    }

    /// The number of answers that cannot; one that offers or states something as well counts less.
    fn refusals(&self) -> f64 {
        let helps = |answer: &Turn<'_>| answer.hits_any(&[List::AgentOffer, List::AgentDone]) || answer.is(flag::DIGIT);
        let refusing = self.answers.iter().filter(|answer| answer.hits(List::AgentCannot));
        refusing.map(|answer| if helps(answer) { 0.4 } else { 1.0 }).sum()
    }

    /// More than one apology, and an apology at the end without anything done.
    fn apologies(&self) -> f64 {
        let more = count(&self.answers, List::AgentSorry).saturating_sub(1);
        let last = self.answers.last().is_some_and(|answer| {
            answer.hits(List::AgentSorry) && !answer.hits_any(&[List::AgentDone, List::AgentOffer])
        });
        self.weight_before * (0.5 * per_length(more as f64, self.answers.len()) + 0.5 * present(last))
    }

    /// Whether the last answer leaves the matter open; how much it counts depends on what the customer says to it.
    fn unresolved_end(&self) -> f64 {
        let Some(last) = self.answers.last() else { return 0.0 };
        let shrugs = last.hits_any(&[List::AgentCannot, List::AgentDeflect, List::AgentStall])
            && !last.hits_any(&[List::AgentDone, List::AgentOffer]);
        if !shrugs || self.end.is_well {
            return 0.0;
        }
        let reaction = if self.end.is_against || self.end.is_loud || (self.hangs && self.end.asks) {
            1.0
        } else if self.agrees_at_end() {
            0.2
        } else if self.last_block.is_empty() {
            0.5
        } else {
            0.6
        };
        // An answer with a number counts half.
        if last.is(flag::DIGIT) { 0.5 * reaction } else { reaction }
    }
}

/// The customer's last unbroken run of turns, if it comes after an answer.
fn last_block(all: &[Turn<'_>], answer: usize) -> Range<usize> {
    let Some(last) = (answer..all.len()).rev().find(|at| all[*at].is_customers()) else { return 0..0 };
    let first = (answer..=last).rev().take_while(|at| all[*at].is_customers()).last().unwrap_or(last);
    first..last + 1
}

/// The number of the unbroken run of one side that each turn belongs to.
fn blocks(all: &[Turn<'_>]) -> Vec<usize> {
    let mut block = 0;
    let of = |at: usize| {
        block += usize::from(at > 0 && all[at].speaker != all[at - 1].speaker);
        block
    };
    (0..all.len()).map(of).collect()
}

/// Whether it is the customer's, glad and too short to want anything, or a bare "hello".
fn wants_no_answer(turn: &Turn<'_>) -> bool {
    const SHORT: u32 = 4;
    let is_mere = turn.is_customers() && turn.words() <= SHORT && !turn.asks() && !turn.is_loud();
    is_mere && (turn.is_bare() || (turn.is_glad() && !turn.is_against()))
}

/// Whether a reply refuses an answer that asked nothing, or contradicts one that says that something is done.
fn disputes(before: &Turn<'_>, reply: &Turn<'_>) -> bool {
    if before.is_customers() || reply.is_glad() || before.asks() || before.hits(List::AgentFollowup) {
        return false;
    }
    let contradicts = reply.hits_any(&[List::Unsolved, List::Complaint, List::Giveup, List::Restate])
        || reply.has(mark::NEGATED)
        || reply.is(flag::INSISTENT | flag::CAPITALS);
    reply.has(mark::REFUSES) || (before.hits(List::AgentDone) && contradicts)
}

fn count(turns: &[&Turn<'_>], list: List) -> usize {
    turns.iter().filter(|turn| turn.hits(list)).count()
}

/// A third of a number of turns, at least 1: so that long conversations do not reach a count by chance.
fn thirds(turns: usize) -> f64 {
    (turns.max(1) as f64 / 3.0).max(1.0)
}

fn per_length(times: f64, turns: usize) -> f64 {
    sat(times / thirds(turns), 1.0)
}

#[cfg(test)]
mod tests;
