//! What the words of a message say in the language of a pack: its marks.

use super::pack::{AGENT, CUSTOMER, List, Pack, SYSTEM, kind, mark};
use super::pattern::{LONGEST_PHRASE, Symbolic};
use super::tokens::Tokens;
use crate::domain::scoring::evidence::Speaker;

/// A negation or a wish counts for what follows within so many words.
const REACH: usize = 3;
/// For thanks and agreement, which stand in short phrases, a negation counts within so many words.
const SHORT_REACH: usize = 2;

/// Thanks in a sentence of at most so many words are nothing but a courtesy.
const SHORT_SENTENCE: usize = 10;
/// A friendly sentence may be longer. What has no full stop for so many words is no sentence.
const LONG_SENTENCE: usize = 60;

/// What a customer is glad of.
const GLAD: u32 = List::Thanks.bit() | List::Praise.bit() | List::Solved.bit() | List::Content.bit();
/// What speaks against a conversation.
const AGAINST: u32 = CUSTOMER & !GLAD;

/// What a message says, if it is in the pack's language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub marks: u32,
    /// By token: whether it stands in a sentence that is a courtesy, which tells no message from another. Empty if
    /// none does.
    pub courtesies: Vec<bool>,
    /// By token: whether it was cut out as neutral. Empty if none was.
    pub neutral: Vec<bool>,
}

/// Which lists of system lines a text hits.
pub fn of_system_line(pack: &Pack, tokens: &Tokens) -> u32 {
    let message = Message::new(pack, tokens);
    let mut found = 0;
    (0..tokens.len()).for_each(|at| pack.lists.walk(&message.words, at, &mut |_, lists| found |= lists));
    found & SYSTEM
}

/// What a message of `speaker` says.
pub fn of_message(pack: &Pack, tokens: &Tokens, speaker: Speaker) -> Said {
    let mut message = Message::new(pack, tokens);
    let neutral = message.cut_neutral();
    let lists = match speaker {
        Speaker::Customer => CUSTOMER,
        Speaker::Agent => AGENT,
    };
    let Judged { marks, courtesies, .. } = message.judge(&message.hits(lists));
    Said { marks, courtesies, neutral }
}

/// A phrase of a list, and the tokens that it covers.
#[derive(Clone, Copy, Debug)]
struct Hit {
    list: List,
    from: usize,
    to: usize,
}

impl Hit {
    /// Whether it lies within `other`, which is longer.
    fn is_part_of(&self, other: &Self) -> bool {
        other.from <= self.from && self.to <= other.to && other.to - other.from > self.to - self.from
    }
}

/// The result of judging all hits.
#[derive(Default)]
struct Judged {
    marks: u32,
    courtesies: Vec<bool>,
    /// A bad word was denied, which uses up the negation.
    denies_badness: bool,
}

/// Whether a hit counts.
enum Verdict {
    Counts,
    /// Something near it takes its meaning away.
    Void,
    /// A glad word that was denied.
    Negated,
}

/// A message as a pack reads it.
struct Message<'a> {
    pack: &'a Pack,
    tokens: &'a Tokens,
    words: Symbolic,
    /// The [`kind`] of each token.
    kinds: Vec<u8>,
    is_shouted: bool,
}

impl<'a> Message<'a> {
    fn new(pack: &'a Pack, tokens: &'a Tokens) -> Self {
        let (mut words, mut kinds) = (Symbolic::default(), Vec::with_capacity(tokens.len()));
        let mut add = |text: &str, is_number: bool| {
            words.push(|found| pack.symbols.look_up(text, is_number, found));
            kinds.push(pack.kinds.get(text).copied().unwrap_or_default());
        };
        for token in tokens.all() {
            let text = tokens.text(token);
            if pack.ignores_accents && !text.is_ascii() {
                add(&pack.spelled(text), token.is_number);
            } else {
                add(text, token.is_number);
            }
        }
        let is_shouted = tokens.all().iter().all(|token| token.is_capital || token.is_mark || token.is_number);
        Self { pack, tokens, words, kinds, is_shouted }
    }

    fn is(&self, at: usize, kind: u8) -> bool {
        self.kinds[at] & kind != 0
    }

    /// Cuts out phrases that say nothing: the longest first, from left to right. Their words are no negations either.
    /// Returns which tokens were cut, if any were.
    fn cut_neutral(&mut self) -> Vec<bool> {
        let (mut at, mut neutral) = (0, Vec::new());
        while at < self.words.len() {
            let length = self.longest(at, List::Neutral);
            if length > 0 {
                self.words.cut(at, length);
                self.kinds[at..at + length].fill(0);
                neutral.resize(self.words.len(), false);
                neutral[at..at + length].fill(true);
            }
            at += length.max(1);
        }
        neutral
    }

    /// The length of the longest phrase of a list that begins at `at`; 0 for none.
    fn longest(&self, at: usize, list: List) -> usize {
        let mut longest = 0;
        self.pack.lists.walk(&self.words, at, &mut |length, of| {
            if list.is_in(*of) {
                longest = longest.max(length);
            }
        });
        longest
    }

    /// The phrases of `lists` in it: of each list the longest first, from left to right, without overlap.
    fn hits(&self, lists: u32) -> Vec<Hit> {
        let (mut hits, mut found) = (Vec::new(), Vec::new());
        let mut free_from = [0; List::ALL.len()];
        for from in 0..self.words.len() {
            found.clear();
            self.pack.lists.walk(&self.words, from, &mut |length, of| {
                if of & lists != 0 {
                    found.push((length, of & lists));
                }
            });
            found.sort_unstable_by_key(|(length, _)| std::cmp::Reverse(*length));
            let mut taken = 0;
            for &(length, of) in &found {
                for list in List::ALL.into_iter().filter(|list| list.is_in(of & !taken)) {
                    if free_from[list as usize] <= from {
                        free_from[list as usize] = from + length;
                        hits.push(Hit { list, from, to: from + length });
                    }
                }
                taken |= of;
            }
        }
        hits
    }

    fn judge(&self, hits: &[Hit]) -> Judged {
        let mut judged = Judged::default();
        for hit in hits {
            if hit.list == List::Thanks {
                self.note_courtesy(hit.from, SHORT_SENTENCE, &mut judged.courtesies);
            }
            if is_outdone(hit, hits) {
                continue;
            }
            match self.verdict(hit) {
                Verdict::Negated => judged.marks |= mark::NEGATED,
                Verdict::Void => judged.denies_badness |= hit.list == List::Complaint,
                Verdict::Counts => {
                    let is_known = hit.list.is_in(judged.marks);
                    judged.marks |= if is_known { mark::twice(hit.list) } else { hit.list.bit() };
                    if matches!(hit.list, List::AgentFollowup | List::AgentWarm) {
                        self.note_courtesy(hit.from, LONG_SENTENCE, &mut judged.courtesies);
                    }
                }
            }
        }
        if self.kinds.first().is_some_and(|kinds| kinds & kind::REFUSAL != 0) {
            judged.marks |= mark::REFUSES;
        }
        if !judged.denies_badness && self.kinds.iter().any(|kinds| kinds & kind::NEGATOR != 0) {
            judged.marks |= mark::DENIES;
        }
        judged
    }

    fn verdict(&self, hit: &Hit) -> Verdict {
        let (from, to) = (hit.from, hit.to);
        let is_denied = |reach| self.before(from, reach).any(|at| self.is(at, kind::NEGATOR));
        let is_void = match hit.list {
            List::Thanks if self.longest(to, List::ThanksDenied) > 0 => return Verdict::Negated,
            List::Thanks if self.longest(to, List::ThanksAside) > 0 => true,
            List::Thanks if self.before(from, 1).any(|at| self.is(at, kind::REFUSAL)) => true,
            List::Thanks | List::Content if is_denied(SHORT_REACH) => return Verdict::Negated,
            List::Praise | List::Solved if is_denied(REACH) => return Verdict::Negated,
            List::Thanks => self.is_wish(from),
            List::Praise => self.is_wish(from) || self.is_name(from),
            List::Content => self.is_name(from),
            List::Complaint => is_denied(REACH),
            List::AgentDone | List::AgentOffer => {
                is_denied(REACH) || (self.pack.negates_late && self.behind(to).any(|at| self.is(at, kind::NEGATOR)))
            }
            _ => false,
        };
        if is_void { Verdict::Void } else { Verdict::Counts }
    }

    fn is_wish(&self, from: usize) -> bool {
        self.before(from, REACH).any(|at| self.is(at, kind::CONDITIONAL))
    }

    /// Whether it is part of a name ("Great Western", "Mr Love"): a capital within a sentence, and not after "Hi
    /// Mia,".
    fn is_name(&self, from: usize) -> bool {
        let first = &self.tokens.all()[from];
        !self.pack.has_capital_nouns && !self.is_shouted && first.is_capital && !first.follows_break
    }

    /// The tokens before `from`, the nearest first, up to a break.
    fn before(&self, from: usize, reach: usize) -> impl Iterator<Item = usize> {
        let all = self.tokens.all();
        (0..from).rev().take(reach).take_while(|at| !all[at + 1].follows_break)
    }

    /// The tokens from `to` on, up to a break.
    fn behind(&self, to: usize) -> impl Iterator<Item = usize> {
        let all = self.tokens.all();
        (to..all.len()).take(REACH).take_while(|at| !all[*at].follows_break)
    }

    /// Marks the sentence around a token as a courtesy, if it has at most so many words.
    fn note_courtesy(&self, at: usize, most: usize, courtesies: &mut Vec<bool>) {
        let all = self.tokens.all();
        let from = (0..=at).rev().take(most).find(|at| all[*at].begins_sentence);
        let to = (at + 1..=all.len()).take(most).find(|at| all.get(*at).is_none_or(|next| next.begins_sentence));
        let (Some(from), Some(to)) = (from, to) else { return };
        if to - from <= most {
            courtesies.resize(all.len(), false);
            courtesies[from..to].fill(true);
        }
    }
}

/// Whether it is part of a longer phrase of the other sign: "works again" is solved and no repetition.
fn is_outdone(hit: &Hit, hits: &[Hit]) -> bool {
    let others = match (hit.list.is_in(GLAD), hit.list.is_in(AGAINST)) {
        (true, _) => AGAINST,
        (_, true) => GLAD,
        (false, false) => return false,
    };
    // They stand in the order of their begins.
    let from = hits.partition_point(|other| other.from + LONGEST_PHRASE < hit.from);
    let to = hits.partition_point(|other| other.from <= hit.from);
    hits[from..to].iter().any(|other| other.list.is_in(others) && hit.is_part_of(other))
}

#[cfg(test)]
mod tests {
    use super::super::pack::PackSource;
    use super::*;

    fn said(text: &str) -> u32 {
        static PACK: std::sync::LazyLock<Pack> = std::sync::LazyLock::new(|| {
            let source = r##"
                language = "en"
                negators = ["not", "never", "no"]
                refusals = ["no"]
                conditionals = ["would"]
                stopwords = ["i"]
                [lists]
                thanks = ["thanks"]
                praise = ["great", "love", "helpful"]
                solved = ["works"]
                content = ["fine"]
                complaint = ["bad", "bad service"]
                waiting = ["still", "# days"]
                neutral = ["not bad", "no problem"]
                thanks_denied = ["for nothing"]
                thanks_aside = ["in advance"]
                agent_done = ["done"]
            "##;
            Pack::compile(&toml::from_str::<PackSource>(source).unwrap()).unwrap()
        });
        of_message(&PACK, &Tokens::of(text), Speaker::Customer).marks & !mark::DENIES
    }

    #[test]
    fn a_good_word_behind_a_negation_is_a_bad_sign() {
        assert_eq!(said("it is great"), List::Praise.bit());
        assert_eq!(said("this is not so helpful"), mark::NEGATED);
        assert_eq!(said("not today. great"), List::Praise.bit(), "a sentence is over");
        assert_eq!(said("it never really works"), mark::NEGATED);
        assert_eq!(said("that is not at all fine"), List::Content.bit(), "two words before agreement");
    }

    #[test]
    fn a_bad_word_behind_a_negation_says_nothing() {
        assert_eq!(said("it was never bad service"), 0);
        assert_eq!(said("not bad, no problem"), 0);
        assert_eq!(said("bad service"), List::Complaint.bit());
    }

    #[test]
    fn wishes_names_and_other_thanks_are_no_praise() {
        for text in ["it would be great", "I work for Great Western", "ask Mr Love", "thanks in advance"] {
            assert_eq!(said(text), 0, "{text}");
        }
        assert_eq!(said("thanks for nothing"), mark::NEGATED);
        assert_eq!(said("no thanks"), mark::REFUSES, "a refusal");
        assert_eq!(said("GREAT SERVICE"), List::Praise.bit(), "all in capitals is no name");
    }

    #[test]
    fn what_is_said_twice_is_told() {
        assert_eq!(said("5 days"), List::Waiting.bit());
        assert_eq!(said("still, after 5 days"), List::Waiting.bit() | mark::WAITING_TWICE);
    }

    #[test]
    fn an_agents_words_are_not_the_customers() {
        assert_eq!(said("done"), 0);
    }
}
