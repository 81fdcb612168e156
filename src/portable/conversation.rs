//! The line of a conversation: score, signals, life and comment.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::life::{LifeLine, SettledLine};
use super::lines::Kind;
use super::ratings::{FollowUpLine, RatedLine};
use super::values::{Hex, PositionText, Time, is_false};
use crate::domain::event::{ObservedSignal, OwnSignal};
use crate::domain::exact::Exact;
use crate::domain::expectation::{Expectation, ExpectationSource};
use crate::domain::ids::Id;
use crate::domain::life::ContactMark;
use crate::domain::quantum::Quantum;
use crate::domain::score::Hundredths;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::{Observation, ObservedKind};
use crate::domain::time::Millis;
use crate::domain::workspace::facts::{Comment, Conversation, Course, Left, Overridden, Score, Voice};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConversationLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Its place in the memory that it was exported from, up to format 3.
    #[serde(default, skip_serializing)]
    pub number: Option<u32>,
    pub id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Id>,
    /// From the contact; no event named the account (R4.7).
    #[serde(default, skip_serializing_if = "is_false")]
    pub account_inferred: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<ScoreLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signals: Option<Vec<SignalLine>>,
    /// They went with an erasure (R4.10).
    #[serde(default, skip_serializing_if = "is_false")]
    pub signals_erased: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life: Option<LifeLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled: Option<SettledLine>,
    /// Its id is gone, and stands here as nil (R4.10).
    #[serde(default, skip_serializing_if = "is_false")]
    pub erased: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<CommentLine>,
    /// The last that an event named. Not before format 6, nor are the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<OverriddenLine>,
    /// Whose messages there were. Not before format 7.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voices: Vec<Voice>,
    /// Not before format 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated: Option<RatedLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<FollowUpLine>,
}

/// A person's word on a score (R5.9). `score` is what is in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverriddenLine {
    pub actor: Box<str>,
    pub at: Time,
    pub outcome: Hundredths,
    pub process: Hundredths,
    pub environment: Hundredths,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<bool>,
    pub reason: Box<str>,
    /// What the model says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ScoreLine>,
}

impl From<&Overridden> for OverriddenLine {
    fn from(overridden: &Overridden) -> Self {
        let Overridden { actor, at, dimensions, resolved, reason, model } = overridden.clone();
        let [outcome, process, environment] = dimensions;
        let model = model.as_ref().map(ScoreLine::from);
        Self { actor, at: Time(at), outcome, process, environment, resolved, reason, model }
    }
}

impl From<OverriddenLine> for Overridden {
    fn from(line: OverriddenLine) -> Self {
        let OverriddenLine { actor, at, outcome, process, environment, resolved, reason, model } = line;
        let model = model.as_ref().map(Score::from);
        Self { actor, at: at.0, dimensions: [outcome, process, environment], resolved, reason, model }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScoreLine {
    pub scored_at: Time,
    /// Of the event that gave it.
    pub position: PositionText,
    pub outcome: Hundredths,
    pub process: Hundredths,
    pub environment: Hundredths,
    pub composite: Hundredths,
    pub confidence: Hundredths,
    pub disconfirmation: Hundredths,
    pub signal_count: u16,
    pub resolved: bool,
    pub imported: bool,
    pub profile: u16,
    /// Of the latest event that made or re-made it.
    pub received_at: Time,
    #[serde(default, skip_serializing_if = "ExpectedLine::is_nothing")]
    pub expected: ExpectedLine,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectedLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ExpectationLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<ExpectationLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<ExpectationLine>,
}

impl ExpectedLine {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectationLine {
    pub score: Hundredths,
    pub source: ExpectationSource,
}

/// Presence and goodness in 1/65,535. A signal of the workspace's own brings weight and loadings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignalLine {
    pub name: Cow<'static, str>,
    pub presence: Quantum,
    pub goodness: Quantum,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<Exact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loadings: Option<[Exact; 3]>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentLine {
    pub position: PositionText,
    /// A hash of whom the conversation was with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_mark: Option<Hex<8>>,
    pub text: Box<str>,
}

impl ConversationLine {
    /// `account` is that of `facts`.
    pub fn new(facts: Conversation, account: Option<Id>) -> Self {
        let Conversation { id, account: attached, score, course, signals, signals_erased, comment, .. } = facts;
        let Conversation { labels: [channel, intent], overridden, voices, rated, follow_up, .. } = facts;
        let overridden = overridden.as_deref().map(OverriddenLine::from);
        let erased = matches!(course, Course::Erased);
        let (life, settled) = match course {
            Course::Unlived | Course::Erased => (None, None),
            Course::Living(life) => (Some(LifeLine::from(&*life)), None),
            // A score says how old its conversation is.
            Course::Settled(left) => {
                let last_change = if score.is_none() { left.last_change } else { Millis::MIN };
                (None, Some(SettledLine::from(Left { last_change, ..left })))
            }
        };
        Self {
            kind: Kind::Conversation,
            number: None,
            id,
            account_id: account,
            account_inferred: attached.is_some_and(|(_, named)| !named),
            score: score.as_ref().map(ScoreLine::from),
            signals: signals.map(|signals| signals.into_iter().map(SignalLine::from).collect()),
            signals_erased,
            life,
            settled,
            erased,
            comment: comment.map(|comment| CommentLine::from(&*comment)),
            channel,
            intent,
            overridden,
            voices: voices.known().collect(),
            rated: rated.as_deref().map(RatedLine::from),
            follow_up: follow_up.as_deref().map(FollowUpLine::from),
        }
    }

    /// `account` is the number of its account. An error says what does not fit.
    pub fn facts(self, account: Option<u32>) -> Result<Conversation, &'static str> {
        let course = match (self.life, self.settled, self.erased) {
            (None, None, false) => Course::Unlived,
            (None, None, true) => Course::Erased,
            (Some(life), None, false) => Course::Living(Arc::new(life.life()?)),
            (None, Some(settled), false) => Course::Settled(settled.into()),
            (Some(_), Some(_), _) | (_, _, true) => {
                return Err("a conversation lives, is settled or is erased, and no two of them");
            }
        };
        if self.erased && (self.id != Id::NIL || self.comment.is_some() || self.signals.is_some()) {
            return Err("an erased conversation has the nil id, and neither comment nor signals");
        }
        if self.overridden.is_some() && (self.score.is_none() || self.erased) {
            return Err("only a conversation with its id and a score is overridden");
        }
        if self.erased && (self.rated.is_some() || self.follow_up.is_some()) {
            return Err("an erased conversation has neither a rating nor a follow-up");
        }
        if self.signals_erased && self.signals.is_some() {
            return Err("signals that were erased are there");
        }
        if account.is_none() && self.account_inferred {
            return Err("accountInferred wants an accountId");
        }
        let read = |signals: Vec<SignalLine>| signals.into_iter().map(SignalLine::observation).collect();
        Ok(Conversation {
            id: self.id,
            account: account.map(|account| (account, !self.account_inferred)),
            score: self.score.as_ref().map(Score::from),
            course,
            signals: self.signals.map(read).transpose()?,
            signals_erased: self.signals_erased,
            comment: self.comment.map(|comment| Arc::new(comment.into())),
            labels: [self.channel, self.intent],
            overridden: self.overridden.map(|line| Arc::new(line.into())),
            voices: self.voices.into_iter().collect(),
            rated: self.rated.map(TryInto::try_into).transpose()?.map(Arc::new),
            follow_up: self.follow_up.map(TryInto::try_into).transpose()?.map(Arc::new),
        })
    }
}

impl From<&Score> for ScoreLine {
    fn from(score: &Score) -> Self {
        let Score { key, dimensions, composite, confidence, disconfirmation, .. } = *score;
        let Score { signal_count, resolved, imported, profile, receipt, expectation, .. } = *score;
        let [outcome, process, environment] = dimensions;
        let expected = expectation.0.map(|expected| expected.map(|(score, source)| ExpectationLine { score, source }));
        Self {
            scored_at: Time(key.0),
            position: PositionText(key.1),
            outcome,
            process,
            environment,
            composite,
            confidence,
            disconfirmation,
            signal_count,
            resolved,
            imported,
            profile,
            received_at: Time(receipt),
            expected: ExpectedLine { outcome: expected[0], process: expected[1], environment: expected[2] },
        }
    }
}

impl From<&ScoreLine> for Score {
    fn from(line: &ScoreLine) -> Self {
        let ExpectedLine { outcome, process, environment } = line.expected;
        let expected = |line: Option<ExpectationLine>| line.map(|line| (line.score, line.source));
        Self {
            key: (line.scored_at.0, line.position.0),
            dimensions: [line.outcome, line.process, line.environment],
            composite: line.composite,
            confidence: line.confidence,
            disconfirmation: line.disconfirmation,
            signal_count: line.signal_count,
            resolved: line.resolved,
            imported: line.imported,
            profile: line.profile,
            receipt: line.received_at.0,
            expectation: Expectation([outcome, process, environment].map(expected)),
        }
    }
}

impl From<Observation> for SignalLine {
    fn from(observation: Observation) -> Self {
        let Observation { signal, presence, goodness } = observation;
        let (name, own) = match signal {
            ObservedKind::Catalogue(kind) => (Cow::Borrowed(kind.name()), None),
            ObservedKind::Own(OwnSignal { name, weight, loadings }) => {
                (Cow::Owned(name.into_string()), Some((Exact(weight), loadings.map(Exact))))
            }
        };
        Self { name, presence, goodness, weight: own.map(|own| own.0), loadings: own.map(|own| own.1) }
    }
}

impl SignalLine {
    fn observation(self) -> Result<Observation, &'static str> {
        let Self { name, presence, goodness, weight, loadings } = self;
        let signal = match named_signal(name, weight, loadings)? {
            ObservedSignal::Catalogue(kind) => ObservedKind::Catalogue(kind),
            ObservedSignal::Own(own) => ObservedKind::Own(own),
        };
        Ok(Observation { signal, presence, goodness })
    }
}

/// With weight and loadings the workspace's own, else the catalogue's.
pub(super) fn named_signal(
    name: Cow<'_, str>,
    weight: Option<Exact>,
    loadings: Option<[Exact; 3]>,
) -> Result<ObservedSignal, &'static str> {
    match (weight, loadings) {
        (Some(weight), Some(loadings)) => Ok(ObservedSignal::Own(OwnSignal {
            name: name.into(),
            weight: weight.0,
            loadings: loadings.map(|share| share.0),
        })),
        (None, None) => SignalKind::from_name(&name)
            .map(ObservedSignal::Catalogue)
            .ok_or("no signal of the catalogue has this name"),
        (Some(_), None) | (None, Some(_)) => Err("a signal has a weight and loadings, or neither"),
    }
}

impl From<&Comment> for CommentLine {
    fn from(comment: &Comment) -> Self {
        let Comment { position, contact, text } = comment;
        let contact_mark = contact.map(|mark| Hex(mark.to_bytes()));
        Self { position: PositionText(*position), contact_mark, text: text.clone() }
    }
}

impl From<CommentLine> for Comment {
    fn from(line: CommentLine) -> Self {
        let contact = line.contact_mark.map(|mark| ContactMark::from_bytes(mark.0));
        Self { position: line.position.0, contact, text: line.text }
    }
}
