//! What customers say of conversations in a survey: by an event, or by a link (R13.2).
//!
//! A rating is an event of the conversation's life. Where that has settled, it is added to the signals that are kept
//! of it, and the score is made anew of them (R5.2).

use std::sync::Arc;

use super::super::ids::{Id, Position};
use super::super::life::LifeKind;
use super::super::quantum::{Quantum, to_quantum};
use super::super::rating::{
    ByLink, CHANGEABLE_FOR, Given, LinkRating, LinkTerms, MOST_CHANGES, Rated, RatingRefusal, Unrated,
};
use super::super::record::Frame;
use super::super::reply::Reply;
use super::super::score::Hundredths;
use super::super::scoring::catalogue::SignalKind;
use super::super::scoring::estimator::estimate;
use super::super::scoring::profile::Profile;
use super::super::scoring::{Observation, ObservedKind};
use super::super::sparse::Sparse;
use super::super::time::{DAY, Millis};
use super::Workspace;
use super::conversations::Course;
use super::kept::Score;
use super::placement::{NewScore, Placement};
use super::round::{At, Round};

/// The latest rating of each conversation that has one, by number.
pub type Ratings = Sparse<Arc<Rated>>;

/// The ends of a conversation (see [`LinkTerms`]).
struct Endings {
    /// None before the first.
    last: Option<u32>,
    /// The one that a rating now is of: the last, as long as the conversation is over.
    next: u32,
}

impl Workspace {
    /// What a link to rate the conversation is for, if it is made now.
    pub fn link_terms(&self, conversation: Id, now: Millis) -> Option<LinkTerms> {
        let number = self.conversations.find(conversation)?;
        Some(self.terms(self.endings(number).next, now))
    }

    pub(super) fn terms(&self, ending: u32, now: Millis) -> LinkTerms {
        LinkTerms { ending, expires: now + Millis::from(self.rules.csat.link_expiry_days) * DAY }
    }

    fn endings(&self, number: u32) -> Endings {
        match self.conversations.course(number) {
            Course::Unlived => Endings { last: None, next: 0 },
            Course::Living(life) => {
                let walk = life.walk();
                let last = walk.scored.or(life.carried).map(|end| end.reopenings);
                Endings { last, next: last.filter(|_| walk.terminal).unwrap_or(walk.reopenings) }
            }
            Course::Settled(left) => Endings { last: Some(left.carried.reopenings), next: left.carried.reopenings },
        }
    }

    /// The ending that a link is for now: its own, or the next one, where late events have changed the order.
    fn asked_of(&self, number: u32, ending: u32) -> Result<u32, RatingRefusal> {
        match self.endings(number) {
            Endings { last: Some(last), .. } if ending < last => Err(RatingRefusal::Superseded),
            Endings { last, .. } if last == Some(ending) => Ok(ending),
            Endings { next, .. } => Ok(next),
        }
    }

    /// What was recorded by the links of an ending, if its contact may still be asked.
    pub fn asked(&self, conversation: Id, ending: u32, now: Millis) -> Result<Option<Given>, RatingRefusal> {
        let number = self.conversations.find(conversation).ok_or(RatingRefusal::Unknown)?;
        let ending = self.asked_of(number, ending)?;
        let given = self.given(number, ending);
        if given.as_ref().is_some_and(|given| now - given.first >= CHANGEABLE_FOR || given.changes >= MOST_CHANGES) {
            return Err(RatingRefusal::Used);
        }
        if self.is_late_for(number, ending) && self.kept_signals(number).is_none() {
            return Err(RatingRefusal::TooOld);
        }
        Ok(given)
    }

    fn given(&self, number: u32, ending: u32) -> Option<Given> {
        let rated = self.ratings.get(number).filter(|rated| rated.ending == ending)?;
        let ByLink { first, changes } = rated.link?;
        let comment = self.conversations.comment_on(number).map(|comment| comment.text.to_string());
        Some(Given { rating: rated.rating, comment, first, changes })
    }

    /// A rating by a link.
    pub(super) fn rate(&mut self, round: &mut Round, frame: &Frame, rating: &LinkRating) -> Reply {
        let given = match self.asked(rating.conversation, rating.ending, frame.receipt) {
            Ok(given) => given,
            Err(refusal) => return Reply::Rated(Err(refusal)),
        };
        let is_same =
            |given: &&Given| given.rating == rating.rating && given.comment.as_deref() == rating.comment.as_deref();
        if let Some(given) = given.as_ref().filter(is_same) {
            return Reply::Rated(Ok(given.clone()));
        }
        let Some(number) = self.conversations.find(rating.conversation) else {
            return Reply::Rated(Err(RatingRefusal::Unknown));
        };
        let ending = match self.asked_of(number, rating.ending) {
            Ok(ending) => ending,
            Err(refusal) => return Reply::Rated(Err(refusal)),
        };
        self.rate_ending(round, frame, number, ending, rating);
        let link = match given {
            Some(given) => ByLink { first: given.first, changes: given.changes + 1 },
            None => ByLink { first: frame.receipt, changes: 0 },
        };
        self.note_rating(number, rating.rating, frame.receipt, ending, Some(link));
        let (ByLink { first, changes }, comment) = (link, rating.comment.as_deref().map(str::to_owned));
        Reply::Rated(Ok(Given { rating: rating.rating, comment, first, changes }))
    }

    fn rate_ending(&mut self, round: &mut Round, frame: &Frame, number: u32, ending: u32, rating: &LinkRating) {
        let time = self.time_of(number, ending).unwrap_or(frame.receipt);
        let at = At { position: Position::new(frame.seq, 0), receipt: frame.receipt, time, apply: frame.apply_version };
        let lacked = self.lack(number);
        let was_unscored = !self.conversations.is_scored(number);
        let account_before = self.conversations.account(number);
        let score = match self.late_score(number, ending, frame.receipt, rating.rating) {
            Some(score) => NewScore::Set { score, expect: false },
            None => self.live(number, at, LifeKind::Rating(rating.rating), None).score,
        };
        match &rating.comment {
            Some(text) => self.conversations.comment(number, at.position, text, None),
            None => self.conversations.drop_comment(number),
        }
        self.place(round, at, Placement { conversation: number, account_before, score });
        self.follow_score(number, was_unscored, frame.receipt);
        self.unscored_counts.change(lacked, self.lack(number));
    }

    /// Under which time a rating of this ending belongs into the life: while the conversation is taken up again, among
    /// what came before. None: now.
    fn time_of(&self, number: u32, ending: u32) -> Option<Millis> {
        let Course::Living(life) = self.conversations.course(number) else { return None };
        let walk = life.walk();
        let is_of_last = !walk.terminal && walk.scored.is_some_and(|end| end.reopenings == ending);
        is_of_last.then(|| life.last_counted(&walk)).flatten()
    }

    /// Keeps that a conversation was rated; its mail is not needed any more.
    pub(super) fn note_rating(&mut self, number: u32, rating: u8, at: Millis, ending: u32, link: Option<ByLink>) {
        let without = match self.conversations.course(number) {
            Course::Living(life) if life.walk().scored.is_some() => None,
            Course::Living(_) | Course::Settled(_) => self.unrated(number),
            Course::Unlived => None,
        };
        self.ratings.insert(number, Arc::new(Rated { rating, at, ending, link, without }));
        self.cancel_mail(number, ending);
    }

    /// The ending that was last.
    pub(super) fn last_ending(&self, number: u32) -> u32 {
        let Endings { last, next } = self.endings(number);
        last.unwrap_or(next)
    }

    /// The ending that a rating by an event is of.
    pub(super) fn ending_now(&self, number: u32) -> u32 {
        self.endings(number).next
    }

    /// Whether the life that came to this ending is over: it has settled, and a new one has no score yet.
    fn is_late_for(&self, number: u32, ending: u32) -> bool {
        match self.conversations.course(number) {
            Course::Settled(_) => true,
            Course::Living(life) => {
                life.carried.is_some_and(|carried| carried.reopenings == ending) && life.walk().scored.is_none()
            }
            Course::Unlived => false,
        }
    }

    /// The model's score and what gave it, if it was made here and that is kept.
    fn kept_signals(&self, number: u32) -> Option<(Score, Vec<Observation>)> {
        let model = self.model_score(number)?;
        let signals = self.signals_behind(number, &model)?;
        Some((model, signals))
    }

    /// What the model says, whether or not a person's word is in force.
    fn model_score(&self, number: u32) -> Option<Score> {
        match self.conversations.overridden(number) {
            Some(overridden) => overridden.model,
            None => self.conversations.score(number),
        }
    }

    /// The score with a rating that came after its life was over, made of the signals that are kept (R5.2).
    pub(super) fn late_score(&mut self, number: u32, ending: u32, receipt: Millis, rating: u8) -> Option<Score> {
        if !self.is_late_for(number, ending) {
            return None;
        }
        let (model, signals) = self.kept_signals(number)?;
        let profile = Arc::clone(&self.profiles[usize::from(model.profile)]);
        let signals = with_rating(signals, rating, &profile);
        let estimate = estimate(&profile, &signals);
        let in_force = self.conversations.score(number)?;
        let at = self.signals.append(receipt, &signals);
        self.conversations.set_signals(number, Some(at));
        Some(Score {
            dimensions: estimate.dimensions.map(Hundredths::round),
            composite: Hundredths::round(estimate.composite),
            confidence: Hundredths::round(estimate.confidence),
            signal_count: estimate.signal_count,
            receipt,
            disconfirmation: in_force.disconfirmation,
            expectation: in_force.expectation,
            ..model
        })
    }

    /// What the model says of a rated conversation without the rating, as long as the signals are kept.
    fn unrated(&self, number: u32) -> Option<Unrated> {
        let (model, signals) = self.kept_signals(number)?;
        Some(unrated(&without_rating(signals), &model, &self.profiles[usize::from(model.profile)]))
    }

    /// Ratings that came before they were kept by themselves, as far as lives and signals tell them.
    #[must_use]
    pub fn with_ratings_found(mut self) -> Self {
        let found = |number: u32| {
            let score = self.model_score(number)?;
            let rating = match self.conversations.course(number) {
                Course::Living(life) => life.evidence(&life.walk()).rating,
                Course::Settled(_) => rating_in(&self.kept_signals(number)?.1),
                Course::Unlived => None,
            };
            Some((number, rating?, score.receipt))
        };
        let found: Vec<(u32, u8, Millis)> = self.conversations.numbers().filter_map(found).collect();
        for (number, rating, at) in found {
            self.note_rating(number, rating, at, self.last_ending(number), None);
        }
        self
    }

    /// A rated conversation settles: its signals may go sooner than the rating.
    pub(super) fn settle_rating(&mut self, number: u32, rating: u8) {
        let Some(rated) = self.ratings.get(number).cloned() else { return };
        let without = self.unrated(number);
        self.ratings.insert(number, Arc::new(Rated { rating, without, ..(*rated).clone() }));
    }
}

/// What a profile says without the rating.
pub(super) fn unrated(signals: &[Observation], model: &Score, profile: &Profile) -> Unrated {
    Unrated { composite: Hundredths::round(estimate(profile, signals).composite), profile: model.profile }
}

fn is_rating(observation: &Observation) -> bool {
    observation.signal == ObservedKind::Catalogue(SignalKind::Rating)
}

/// The signals that are not the customer's rating.
pub(super) fn without_rating(mut signals: Vec<Observation>) -> Vec<Observation> {
    signals.retain(|signal| !is_rating(signal));
    signals
}

/// The rating that is among the signals, if it is a whole one.
pub(super) fn rating_in(signals: &[Observation]) -> Option<u8> {
    let rating = signals.iter().find(|signal| is_rating(signal))?;
    (1..=5).find(|whole| goodness_of(*whole) == rating.goodness)
}

fn goodness_of(rating: u8) -> Quantum {
    to_quantum((f64::from(rating.clamp(1, 5)) - 1.0) / 4.0)
}

/// The signals with this rating in place of another, in the catalogue's order.
fn with_rating(signals: Vec<Observation>, rating: u8, profile: &Profile) -> Vec<Observation> {
    let mut signals = without_rating(signals);
    let place = |kind: SignalKind| profile.model.place(kind);
    let is_before = |signal: &Observation| match &signal.signal {
        ObservedKind::Catalogue(kind) => place(*kind) < place(SignalKind::Rating),
        ObservedKind::Own(_) => false,
    };
    let at = signals.iter().position(|signal| !is_before(signal)).unwrap_or(signals.len());
    let (signal, goodness) = (ObservedKind::Catalogue(SignalKind::Rating), goodness_of(rating));
    signals.insert(at, Observation { signal, presence: Quantum::MAX, goodness });
    signals
}
