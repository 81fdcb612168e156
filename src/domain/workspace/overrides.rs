//! A person's word on a score (R5.9): what it says is in force, and the model's goes on being computed beside it.

use super::super::expectation::Expectation;
use super::super::ids::{Id, Position};
use super::super::record::{Frame, Override};
use super::super::reply::CommandRefusal;
use super::super::score::Hundredths;
use super::super::scoring::estimator::composite_of;
use super::super::time::Millis;
use super::super::view::ConversationQuality;
use super::Workspace;
use super::breakers::Done;
use super::kept::{Overridden, Score};
use super::placement::{NewScore, Placement};
use super::round::{At, Round};

/// What readers see of an override.
#[derive(Clone, Debug, PartialEq)]
pub struct OverrideView {
    pub dimensions: [Hundredths; 3],
    /// None: as the model says.
    pub resolved: Option<bool>,
    pub actor: String,
    pub at: Millis,
    pub reason: String,
    /// What the model says; none where the conversation would have no score any more.
    pub model: Option<ConversationQuality>,
}

impl Workspace {
    pub(super) fn override_score(
        &mut self,
        round: &mut Round,
        frame: &Frame,
        actor: &str,
        said: &Override,
    ) -> Result<(), CommandRefusal> {
        let (number, score) = self.scored_one(said.conversation)?;
        let model = match self.conversations.overridden(number) {
            Some(before) => before.model,
            None => Some(bare(score)),
        };
        let overridden = Overridden {
            actor: actor.into(),
            at: frame.receipt,
            dimensions: said.dimensions,
            resolved: said.resolved,
            reason: said.reason.clone(),
            model,
        };
        // What was expected, and how far that was missed until now, is the score's in force.
        let base = model.unwrap_or(score);
        let base = Score { disconfirmation: score.disconfirmation, expectation: score.expectation, ..base };
        let in_force = overridden.in_force(base, self.composite(&base, overridden.dimensions));
        self.conversations.set_overridden(number, Some(overridden));
        self.score_anew(round, frame, number, NewScore::Forced { score: in_force });
        Ok(())
    }

    pub(super) fn take_back(&mut self, round: &mut Round, frame: &Frame, id: Id) -> Result<(), CommandRefusal> {
        let (number, score) = self.scored_one(id)?;
        let overridden = self.conversations.overridden(number).ok_or(CommandRefusal::NotOverridden)?;
        let model = overridden.model;
        self.conversations.set_overridden(number, None);
        let new = match model {
            Some(model) => {
                let score = Score { disconfirmation: score.disconfirmation, expectation: score.expectation, ..model };
                NewScore::Set { score, expect: false }
            }
            None => NewScore::Remove,
        };
        self.score_anew(round, frame, number, new);
        if model.is_none() {
            self.left_without_score(number, frame.receipt);
        }
        Ok(())
    }

    fn score_anew(&mut self, round: &mut Round, frame: &Frame, number: u32, score: NewScore) {
        let account_before = self.conversations.account(number);
        let (receipt, apply) = (frame.receipt, frame.apply_version);
        let at = At { position: Position::new(frame.seq, 0), receipt, time: receipt, apply };
        self.place(round, at, Placement { conversation: number, account_before, score });
        self.follow_score(number, false, frame.receipt);
    }

    /// Of a person's dimensions, with the weights of the profile that made `score`.
    fn composite(&self, score: &Score, dimensions: [Hundredths; 3]) -> Hundredths {
        composite_of(self.profiles[usize::from(score.profile)].composite_weights, dimensions)
    }

    /// What overriding the score would come to now.
    pub(super) fn on_override(&self, id: Id) -> Result<Done, CommandRefusal> {
        self.scored_one(id).map(|_| Done::Changed)
    }

    /// What taking an override back would come to now.
    pub(super) fn on_take_back(&self, id: Id) -> Result<Done, CommandRefusal> {
        let (number, _) = self.scored_one(id)?;
        self.conversations.overridden(number).map(|_| Done::Changed).ok_or(CommandRefusal::NotOverridden)
    }

    fn scored_one(&self, id: Id) -> Result<(u32, Score), CommandRefusal> {
        let number = self.conversations.find(id).ok_or(CommandRefusal::UnknownConversation)?;
        let score = self.conversations.score(number).ok_or(CommandRefusal::NotScored)?;
        Ok((number, score))
    }

    /// The score in force where the model says `model`: the person's, if there is one, which goes on knowing what the
    /// model says.
    pub(super) fn in_force(&mut self, number: u32, model: Score) -> Score {
        let Some(overridden) = self.conversations.overridden(number) else { return model };
        let score = overridden.in_force(model, self.composite(&model, overridden.dimensions));
        let overridden = Overridden { model: Some(bare(model)), ..overridden.clone() };
        self.conversations.set_overridden(number, Some(overridden));
        score
    }

    /// The model has no score any more; a person's stays. Whether there is one.
    pub(super) fn outlives_model(&mut self, number: u32) -> bool {
        let Some(overridden) = self.conversations.overridden(number).cloned() else { return false };
        self.conversations.set_overridden(number, Some(Overridden { model: None, ..overridden }));
        true
    }

    /// What the model says of an overridden score: what is expected of the conversation is kept with the score in force.
    pub(super) fn model_of(&self, number: u32) -> Option<Score> {
        let model = self.conversations.overridden(number)?.model?;
        Some(self.disappointed(model, self.conversations.score(number)?.expectation))
    }

    /// A person's word on a conversation's score, if there is one.
    pub fn override_of(&self, conversation: Id) -> Option<OverrideView> {
        let number = self.conversations.find(conversation)?;
        let overridden = self.conversations.overridden(number)?;
        let model = self.model_of(number).map(|score| score.quality(conversation));
        Some(OverrideView {
            dimensions: overridden.dimensions,
            resolved: overridden.resolved,
            actor: overridden.actor.to_string(),
            at: overridden.at,
            reason: overridden.reason.to_string(),
            model,
        })
    }
}

/// Without what depends on the expectation, which is kept with the score in force.
fn bare(model: Score) -> Score {
    Score { disconfirmation: Hundredths(0), expectation: Expectation::default(), ..model }
}
