//! R13.2 and R5.2: what customers say of conversations, by an event or by a link, in time or late.

use std::sync::Arc;

use tripswitch::domain::event::{Body, EventRecord, Identity, ObservedSignal};
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::rating::{Given, LinkRating, LinkTerms, RatingRefusal};
use tripswitch::domain::record::Frame;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::catalogue::SignalKind;
use tripswitch::domain::scoring::estimator::estimate;
use tripswitch::domain::scoring::observe;
use tripswitch::domain::scoring::profile::Profile;
use tripswitch::domain::time::{DAY, Millis};

use crate::broken::Broken;
use crate::life::{End, Kept, evidence};
use crate::naive::{Arrival, Comment, Conversation, Judged, Naive, Score, Seen};

/// The latest rating of a conversation.
#[derive(Clone, Debug)]
pub struct Rated {
    pub rating: u8,
    pub at: Millis,
    /// How often the conversation had been reopened before the end that it is of.
    pub ending: u32,
    /// Of one by a link: when it came first, and how often it was changed.
    pub link: Option<(Millis, u8)>,
    /// What the model said without it, once the conversation was over.
    pub without: Option<(Hundredths, Arc<Profile>)>,
}

/// A rating that somebody observed.
fn is_observed(kept: &Kept) -> bool {
    matches!(&kept.body, Body::SignalObserved { signal: ObservedSignal::Catalogue(SignalKind::Rating), .. })
}

fn is_rating(kept: &Kept) -> bool {
    matches!(&kept.body, Body::SurveyResponded { .. }) || is_observed(kept)
}

/// Without the events that `goes` says.
fn without(seen: &Seen, goes: impl Fn(&Kept) -> bool) -> Seen {
    let mut left = seen.clone();
    left.kept.retain(|kept| !goes(kept));
    left.end.counted.retain(|position| left.kept.iter().any(|kept| kept.position == *position));
    left
}

impl Naive {
    /// What the end of a conversation says of a link to rate it.
    pub fn link_of(&self, end: &End) -> Option<LinkTerms> {
        let is_asked = self.csat.email_inline_enabled || self.breaks(Broken::LinkUnasked);
        let from = if self.breaks(Broken::LinkExpiresAfterEnd) { end.scored_at } else { self.receipt };
        is_asked.then(|| self.terms(end.reopenings, from))
    }

    fn terms(&self, ending: u32, from: Millis) -> LinkTerms {
        LinkTerms { ending, expires: from + Millis::from(self.csat.link_expiry_days) * DAY }
    }

    /// What a link that is made now is for.
    pub fn link_terms(&self, id: Id, now: Millis) -> Option<LinkTerms> {
        self.conversation(id).map(|known| self.terms(self.ending_now(known), now))
    }

    fn last_end(&self, known: &Conversation) -> Option<u32> {
        self.end_of(known).or_else(|| known.carried.clone()).map(|end| end.reopenings)
    }

    /// The ending that a rating now is of: the last while the conversation is over, and else the next.
    pub fn ending_now(&self, known: &Conversation) -> u32 {
        let is_over = known.settled || self.life_of(known).terminal;
        self.last_end(known).map_or(0, |last| if is_over { last } else { last + 1 })
    }

    /// The ending that a link is of now: its own, or one to come.
    fn asked_of(&self, known: &Conversation, ending: u32) -> Result<u32, RatingRefusal> {
        match self.last_end(known) {
            Some(last) if ending < last && !self.breaks(Broken::EarlierLinkCounts) => Err(RatingRefusal::Superseded),
            Some(last) if ending == last => Ok(ending),
            _ => Ok(self.ending_now(known)),
        }
    }

    /// Whether the life that came to this ending is over.
    fn is_late_for(&self, known: &Conversation, ending: u32) -> bool {
        let is_of_carried = known.carried.as_ref().is_some_and(|end| end.reopenings == ending);
        known.settled || (is_of_carried && self.life_of(known).end.is_none())
    }

    /// What was recorded by the links of an ending.
    pub fn asked(&self, id: Id, ending: u32, now: Millis) -> Result<Option<Given>, RatingRefusal> {
        let known = self.conversation(id).ok_or(RatingRefusal::Unknown)?;
        let ending = self.asked_of(known, ending)?;
        let given = known.rated.as_ref().filter(|rated| rated.ending == ending).and_then(|rated| {
            let (first, changes) = rated.link?;
            let comment = known.comment.as_ref().map(|comment| comment.text.to_string());
            Some(Given { rating: rated.rating, comment, first, changes })
        });
        let forever = self.breaks(Broken::RatingChangesForEver);
        let most = if self.breaks(Broken::TwentyOneChanges) { 21 } else { 20 };
        if given.as_ref().is_some_and(|given| (now - given.first >= DAY && !forever) || given.changes >= most) {
            return Err(RatingRefusal::Used);
        }
        if self.is_late_for(known, ending) && self.seen(id).is_none() {
            return Err(RatingRefusal::TooOld);
        }
        Ok(given)
    }

    /// A rating by a link.
    pub fn rate(&mut self, frame: &Frame, rating: &LinkRating) -> Result<Given, RatingRefusal> {
        let LinkRating { conversation: id, rating: value, comment, .. } = rating;
        let (id, receipt) = (*id, frame.receipt);
        let given =
            self.asked(id, rating.ending, receipt).inspect_err(|refusal| self.coverage.count(told(*refusal)))?;
        let is_same = |given: &Given| given.rating == *value && given.comment.as_deref() == comment.as_deref();
        if let Some(same) = given.clone().filter(is_same).filter(|_| !self.breaks(Broken::SameRatingIsAChange)) {
            self.coverage.count("rated the same again");
            return Ok(same);
        }
        let ending = self.asked_of(self.known(id), rating.ending)?;
        if comment.is_none() && !self.breaks(Broken::CommentStays) {
            self.known_mut(id).comment = None;
        }
        self.add_rating(frame, id, ending, rating);
        let anew = self.breaks(Broken::ChangeIsAFirst);
        let (first, changes) = match given {
            Some(given) => (if anew { receipt } else { given.first }, given.changes + 1),
            None => (receipt, 0),
        };
        self.coverage.count(match changes {
            0 => "rated by a link",
            20 => "changed as often as may be",
            _ => "rating changed",
        });
        self.note_rating(id, *value, receipt, ending, Some((first, changes)));
        Ok(Given { rating: *value, comment: comment.as_deref().map(str::to_owned), first, changes })
    }

    /// To what the ending is scored by.
    fn add_rating(&mut self, frame: &Frame, id: Id, ending: u32, rating: &LinkRating) {
        let (receipt, position) = (frame.receipt, Position::new(frame.seq, 0));
        let LinkRating { rating, comment, .. } = rating.clone();
        let known = self.known(id);
        if self.is_late_for(known, ending) {
            if let Some(score) = self.late_score(id, position, receipt, rating) {
                let contact = known.contact.clone().filter(|_| !known.settled);
                self.comment_late(id, contact, comment.as_deref());
                self.score_late(id, position, receipt, score);
            }
            return;
        }
        let before = self.time_of(known, ending);
        let time = before.unwrap_or(receipt);
        self.coverage.add("rated while reopened", u64::from(before.is_some()));
        let event = EventRecord {
            identity: Identity { key: [0; 12], content: 0 },
            time: Some(time),
            conversation: Some(id),
            account: None,
            account_name: None,
            contact: None,
            channel: None,
            intent: None,
            body: Body::SurveyResponded { rating, comment },
            address: None,
        };
        let (joins, leaves) = (false, None);
        let arrival = Arrival { event: &event, conversation: id, time, position, receipt, joins, leaves };
        if self.live(arrival, false) {
            self.tell_score(position, id);
            if !self.breaks(Broken::RescoreNotJudged) {
                let account = self.known(id).attachment.account();
                self.judge(account, arrival.into());
            }
        }
    }

    /// While it is taken up again, a rating of the end before stands among what came before.
    fn time_of(&self, known: &Conversation, ending: u32) -> Option<Millis> {
        let life = self.life_of(known);
        let end = life.end.filter(|end| !life.terminal && end.reopenings == ending)?;
        let counts = |kept: &&Kept| end.counted.contains(&kept.position);
        let last = known.kept.iter().filter(counts).map(|kept| kept.time).max();
        last.filter(|_| !self.breaks(Broken::RatedWhileReopenedIsNext))
    }

    /// Keeps that a conversation was rated; no mail has to ask for it.
    pub fn note_rating(&mut self, id: Id, rating: u8, at: Millis, ending: u32, link: Option<(Millis, u8)>) {
        let known = self.known(id);
        let is_scored = !known.settled && self.life_of(known).end.is_some();
        let without = if is_scored { None } else { self.unrated(id) };
        self.known_mut(id).rated = Some(Rated { rating, at, ending, link, without });
        if !self.breaks(Broken::RatedIsMailed) {
            self.rated_needs_no_mail(id, ending);
        }
    }

    /// It settles: what it was scored by may go sooner than the rating.
    pub fn settle_rating(&mut self, index: usize) {
        let known = &self.conversations[index];
        let (id, rated) = (known.id, known.rated.clone());
        let counted = self.life_of(known).end.and_then(|end| evidence(&end, &known.kept).rating);
        if let (Some(rated), Some(rating)) = (rated, counted) {
            let without = self.unrated(id);
            self.conversations[index].rated = Some(Rated { rating, without, ..rated });
            self.coverage.count("rated one settled");
        }
    }

    /// What the model says.
    pub fn model_score(&self, id: Id) -> Option<&Score> {
        let known = self.known(id);
        match &known.said {
            Some(said) => said.model.as_ref(),
            None => known.score.as_ref(),
        }
    }

    /// What the model's score was made of, as long as that is kept.
    pub fn seen(&self, id: Id) -> Option<(&Score, &Seen)> {
        let score = self.model_score(id).filter(|score| !score.unexplained)?;
        Some((score, score.seen.as_ref()?))
    }

    /// What the model says without the rating, as long as that is kept.
    pub fn unrated(&self, id: Id) -> Option<(Hundredths, Arc<Profile>)> {
        let (score, seen) = self.seen(id)?;
        let seen = if self.breaks(Broken::UnratedHasRating) { seen.clone() } else { without(seen, is_rating) };
        let estimate = estimate(&score.profile, &observe(&score.profile, &evidence(&seen.end, &seen.kept)));
        Some((Hundredths::round(estimate.composite), Arc::clone(&score.profile)))
    }

    /// The score that it would have had if it had been rated in time.
    fn late_score(&self, id: Id, at: Position, receipt: Millis, rating: u8) -> Option<Score> {
        let (score, seen) = self.seen(id)?;
        // It takes the place of a rating that somebody observed.
        let mut seen = without(seen, is_observed);
        seen.end.counted.push(at);
        let body = Body::SurveyResponded { rating, comment: None };
        seen.kept.push(Kept { time: receipt, position: at, body });
        let profile = if self.breaks(Broken::LateRatingByProfileInForce) {
            Arc::new(self.settings.profile.clone())
        } else {
            Arc::clone(&score.profile)
        };
        let estimate = estimate(&profile, &observe(&profile, &evidence(&seen.end, &seen.kept)));
        Some(Score {
            dimensions: estimate.dimensions.map(Hundredths::round),
            composite: Hundredths::round(estimate.composite),
            confidence: Hundredths::round(estimate.confidence),
            signal_count: estimate.signal_count,
            made: if self.breaks(Broken::LateRatingExplainedAsLong) { score.made } else { receipt },
            profile,
            seen: Some(seen),
            ..score.clone()
        })
    }

    /// R5.2: whether the event was a rating that came after its life was over, and still counts.
    pub fn rated_late(&mut self, arrival: Arrival) -> bool {
        let Arrival { event, conversation: id, position, receipt, .. } = arrival;
        let Body::SurveyResponded { rating, comment } = &event.body else { return false };
        let known = self.known(id);
        let Some(ending) = self.last_end(known).filter(|last| self.is_late_for(known, *last)) else { return false };
        let Some(score) = self.late_score(id, position, receipt, *rating) else { return false };
        if self.breaks(Broken::LateRatingIgnored) {
            return false;
        }
        let of_life = known.contact.clone().filter(|_| !known.settled);
        let named = event.contact.as_ref().map(|contact| contact.id.clone());
        self.comment_late(id, named.or(of_life), comment.as_deref());
        self.score_late(id, position, receipt, score);
        self.note_rating(id, *rating, receipt, ending, None);
        true
    }

    fn comment_late(&mut self, id: Id, contact: Option<Box<str>>, text: Option<&str>) {
        if let Some(text) = text {
            self.known_mut(id).comment = Some(Comment { contact, text: text.into() });
        }
    }

    fn score_late(&mut self, id: Id, position: Position, receipt: Millis, mut score: Score) {
        score.disconfirmation = self.disappointment(id, &score);
        self.note_score(id, &score);
        let known = self.known(id);
        self.coverage.count(match (known.said.is_some(), known.carried.is_some()) {
            (true, _) => "overridden one rated late",
            (false, true) => "one of several lives rated late",
            (false, false) => "rated late",
        });
        self.model_says(id, score);
        self.tell_score(position, id);
        if !self.breaks(Broken::LateRatingNotJudged) {
            let account = self.known(id).attachment.account();
            let before = self.breakers.len();
            self.judge(account, Judged { conversation: id, position, receipt, leaves: None });
            self.coverage.add("trip by a late rating", (self.breakers.len() - before) as u64);
        }
    }
}

fn told(refusal: RatingRefusal) -> &'static str {
    match refusal {
        RatingRefusal::Unknown => "rating of an unknown one refused",
        RatingRefusal::Superseded => "superseded link refused",
        RatingRefusal::Used => "used link refused",
        RatingRefusal::TooOld => "rating too late refused",
    }
}
