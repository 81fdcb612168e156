//! R5.9: what a person says of a score is in force; what the model says goes on beside it.

use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::record::{Frame, Override};
use tripswitch::domain::reply::CommandRefusal;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::estimator::composite_of;
use tripswitch::domain::time::Millis;
use tripswitch::domain::workspace::OverrideView;

use crate::broken::Broken;
use crate::naive::{Judged, Naive, Score};

/// A person's word, and what would be in force without it; nothing, where there would be no score any more.
#[derive(Clone, Debug)]
pub struct Said {
    pub dimensions: [Hundredths; 3],
    pub resolved: Option<bool>,
    pub reason: Box<str>,
    pub actor: Box<str>,
    pub at: Millis,
    pub model: Option<Score>,
}

impl Naive {
    pub fn override_score(&mut self, frame: &Frame, actor: &str, said: &Override) -> Result<(), CommandRefusal> {
        let id = said.conversation;
        let score = self.score_of(id)?;
        let before = self.known_mut(id).said.take();
        self.coverage.count(if before.is_some() { "overridden again" } else { "overridden" });
        let forgets = self.breaks(Broken::SecondOverrideForgetsModel);
        let model =
            before.map_or(Some(score.clone()), |before| if forgets { Some(score.clone()) } else { before.model });
        let Override { dimensions, resolved, reason, .. } = said.clone();
        let said = Said { dimensions, resolved, reason, actor: actor.into(), at: frame.receipt, model };
        let in_force = self.in_force(id, &said.model.clone().unwrap_or(score), &said);
        let known = self.known_mut(id);
        (known.said, known.score) = (Some(said), Some(in_force));
        self.scored_by_hand(frame, id);
        Ok(())
    }

    pub fn take_back(&mut self, frame: &Frame, id: Id) -> Result<(), CommandRefusal> {
        let score = self.score_of(id)?;
        let Some(said) = self.known_mut(id).said.take() else { return Err(CommandRefusal::NotOverridden) };
        let model = if self.breaks(Broken::TakeBackKeepsPersons) { Some(score) } else { said.model };
        let Some(mut model) = model else {
            let known = self.known_mut(id);
            (known.score, known.expectation) = (None, None);
            if known.settled {
                // Its last event is not known any more (R4.11).
                known.last_change = frame.receipt;
            }
            self.coverage.count("taken back to nothing");
            return Ok(());
        };
        self.coverage.count("taken back");
        model.disconfirmation = self.disappointment(id, &model);
        self.known_mut(id).score = Some(model);
        self.scored_by_hand(frame, id);
        Ok(())
    }

    fn score_of(&mut self, id: Id) -> Result<Score, CommandRefusal> {
        let known = self.conversation(id).ok_or(CommandRefusal::UnknownConversation)?;
        known.score.clone().ok_or(CommandRefusal::NotScored)
    }

    /// As any re-score.
    fn scored_by_hand(&mut self, frame: &Frame, id: Id) {
        let position = Position::new(frame.seq, 0);
        self.tell_score(position, id);
        if !self.breaks(Broken::OverrideNotJudged) {
            let account = self.known(id).attachment.account();
            self.judge(account, Judged { conversation: id, position, receipt: frame.receipt, leaves: None });
        }
    }

    /// The score in force where the model says `model`. A person is certain.
    fn in_force(&self, id: Id, model: &Score, said: &Said) -> Score {
        let is_certain = !self.breaks(Broken::OverrideAsCertainAsModel);
        let mut score = Score {
            dimensions: said.dimensions,
            composite: composite_of(model.weights, said.dimensions),
            confidence: if is_certain { Hundredths(100) } else { model.confidence },
            resolved: said.resolved.unwrap_or(model.resolved),
            ..model.clone()
        };
        score.disconfirmation = self.disappointment(id, &score);
        score
    }

    /// The model says a new score.
    pub fn model_says(&mut self, id: Id, model: Score) {
        let loses = self.breaks(Broken::RescoreEndsOverride);
        let Some(mut said) = self.known_mut(id).said.take().filter(|_| !loses) else {
            self.known_mut(id).score = Some(model);
            return;
        };
        self.coverage.count("overridden one re-scored");
        let in_force = self.in_force(id, &model, &said);
        said.model = Some(model);
        let known = self.known_mut(id);
        (known.said, known.score) = (Some(said), Some(in_force));
    }

    /// The model says nothing any more. Whether a person's score stays.
    pub fn outlives_model(&mut self, id: Id) -> bool {
        let vanishes = self.breaks(Broken::VanishedModelEndsOverride);
        let Some(mut said) = self.known_mut(id).said.take().filter(|_| !vanishes) else { return false };
        self.coverage.count("overridden one that the model has no score of");
        said.model = None;
        self.known_mut(id).said = Some(said);
        true
    }

    /// What readers see of it.
    pub fn override_of(&self, id: Id) -> Option<OverrideView> {
        let said = self.conversation(id)?.said.as_ref()?;
        Some(OverrideView {
            dimensions: said.dimensions,
            resolved: said.resolved,
            actor: said.actor.to_string(),
            at: said.at,
            reason: said.reason.to_string(),
            model: said.model.as_ref().map(|model| model.quality(id)),
        })
    }
}
