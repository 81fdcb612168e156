//! One event: identity, account, state, in this order (R4.3, R4.7).

use super::super::dedup::Seen;
use super::super::effect::EffectKind;
use super::super::event::{Body, ContactName, EventRecord};
use super::super::life::{LifeKind, Move, Walk};
use super::super::message::Heard;
use super::super::reply::{Rejection, Verdict};
use super::super::scoring::Speaker;
use super::super::time::Millis;
use super::super::view::LabelKind;
use super::Workspace;
use super::conversations::Course;
use super::effects::ended_by;
use super::kept::Left;
use super::life_cycle::Lived;
use super::placement::{NewScore, Placement};
use super::round::{At, EventStep, Round};

/// From this version of `apply` on a rating counts after settling, and ends say what a link is for.
const RATES_LATE: u16 = 2;

impl Workspace {
    pub(super) fn event(&mut self, round: &mut Round, at: At, event: &EventRecord) -> Verdict {
        if self.skips.contains(&at.position) {
            return Verdict::Rejected(Rejection::InternalError);
        }
        match self.duplicates.seen(&event.identity) {
            Seen::Same => return Verdict::Duplicate,
            Seen::OtherContent => return Verdict::Rejected(Rejection::IdReused),
            Seen::Never => {}
        }
        let Some(id) = event.conversation else {
            self.duplicates.insert(event.identity, at.receipt);
            self.account_updated(event);
            return Verdict::Accepted;
        };
        let known = self.conversations.find(id);
        if let Some(attached) = known.and_then(|number| self.mismatch(number, event)) {
            return Verdict::Rejected(attached);
        }
        self.duplicates.insert(event.identity, at.receipt);
        if let Some(number) = known.filter(|number| self.is_late(*number, at.time, &event.body)) {
            if !self.rated_late(round, number, at, event) {
                self.late += 1;
            }
            return Verdict::Accepted;
        }
        let number = known.unwrap_or_else(|| self.conversations.create(id));
        let lacked = known.and_then(|number| self.lack(number));
        let was_unscored = known.is_some() && !self.conversations.is_scored(number);
        let account_before = self.conversations.account(number);
        self.attach(number, event);
        self.label(number, event);
        self.hear(number, &event.body);
        let contact = event.contact.as_ref().map(ContactName::kept_mark);
        let (score, walks) = match &event.body {
            Body::ConversationScored(import) => (self.import(number, at, import), None),
            body => match life_kind(body).map(|kind| self.live(number, at, kind, contact)) {
                Some(Lived { score, before, after }) => (score, Some([before, after])),
                None => (NewScore::Keep, None),
            },
        };
        if let Body::SurveyResponded { rating, comment } = &event.body {
            if let Some(text) = comment {
                self.conversations.comment(number, at.position, text, None);
            }
            self.note_rating(number, *rating, at.receipt, self.ending_now(number), None);
        }
        let step = round.steps.len();
        self.place(round, at, Placement { conversation: number, account_before, score });
        if let Some([before, after]) = &walks {
            self.note_end(round, at, number, (&event.body, before, after), step);
        }
        self.follow_up(number, at, event.address.as_ref(), contact);
        self.follow_score(number, was_unscored, at.receipt);
        self.unscored_counts.change(lacked, self.lack(number));
        Verdict::Accepted
    }

    /// R5.2: a rating of a conversation that has settled, or that a new life of has no score yet. Whether it was taken.
    fn rated_late(&mut self, round: &mut Round, number: u32, at: At, event: &EventRecord) -> bool {
        let Body::SurveyResponded { rating, comment } = &event.body else { return false };
        if at.apply < RATES_LATE {
            return false;
        }
        let ending = self.last_ending(number);
        let Some(score) = self.late_score(number, ending, at.receipt, *rating) else { return false };
        if let Some(text) = comment {
            let contact = event.contact.as_ref().map(ContactName::kept_mark);
            self.conversations.comment(number, at.position, text, contact);
        }
        self.note_rating(number, *rating, at.receipt, ending, None);
        let account_before = self.conversations.account(number);
        let score = NewScore::Set { score, expect: false };
        self.place(round, at, Placement { conversation: number, account_before, score });
        true
    }

    /// If the event ended the conversation: an effect of the step that it has, or of a new one.
    fn note_end(
        &self,
        round: &mut Round,
        at: At,
        number: u32,
        (body, before, after): (&Body, &Walk, &Walk),
        step: usize,
    ) {
        let Some(ending) = ended_by(body, before, after) else { return };
        let (conversation, account) = (self.conversations.id(number).into(), self.conversations.account(number).into());
        let asks = at.apply >= RATES_LATE && self.rules.csat.email_inline_enabled;
        let effect = match after.scored.filter(|_| asks) {
            Some(end) => {
                let link = self.terms(end.reopenings, at.receipt);
                EffectKind::ConversationEnded { conversation, account, ending, link }
            }
            None => EffectKind::ConversationResolved { conversation, account, ending },
        };
        match round.steps.get_mut(step) {
            Some(step) => step.before = Some(effect),
            None => round.steps.push(EventStep::of_effect(at.position, at.receipt, None, effect)),
        }
    }

    /// R7.8: the last channel and intent that an event named.
    fn label(&mut self, number: u32, event: &EventRecord) {
        let Self { conversations, labels, rules, .. } = self;
        let scored = conversations.is_scored(number).then_some(&*conversations);
        for (kind, name) in [(LabelKind::Channel, &event.channel), (LabelKind::Intent, &event.intent)] {
            if let Some(label) = name.as_deref().and_then(|name| labels.find_or_create(kind, name)) {
                labels.set(scored, number, kind, label, |item| conversations.part(item, rules).1);
            }
        }
    }

    /// R6.7: whose messages there are.
    fn hear(&mut self, number: u32, body: &Body) {
        let before = self.conversations.voices(number);
        let after = before.after(body);
        if after == before {
            return;
        }
        if before.handler() == after.handler() || !self.conversations.is_scored(number) {
            return self.conversations.set_voices(number, after);
        }
        let old = self.conversations.part(number, &self.rules);
        self.conversations.set_voices(number, after);
        let new = self.conversations.part(number, &self.rules);
        self.timeline.adjust(&self.conversations, number, &old, &new);
    }

    fn mismatch(&self, number: u32, event: &EventRecord) -> Option<Rejection> {
        let named = self.conversations.account(number).filter(|_| self.conversations.named(number));
        let attached = self.accounts.get(named?).id;
        (event.account? != attached).then_some(Rejection::AccountMismatch { attached })
    }

    /// R5.2: after settling only a later reopening changes anything; and for the life that it starts, only events
    /// count that are younger than the score. Imports are no part of a life.
    fn is_late(&self, number: u32, time: Millis, body: &Body) -> bool {
        if matches!(body, Body::ConversationScored(_)) {
            return false;
        }
        match self.conversations.course(number) {
            Course::Unlived => false,
            Course::Living(life) => life.carried.is_some_and(|carried| time <= carried.scored_at),
            Course::Settled(Left { carried, .. }) => {
                let reopens = matches!(body, Body::StatusChanged(status) if Move::from(*status) == Move::Reopen);
                !(reopens && time > carried.scored_at)
            }
        }
    }

    fn account_updated(&mut self, event: &EventRecord) {
        let Some(id) = event.account else { return };
        let account = self.accounts.find_or_create(id);
        if let Some(name) = &event.account_name {
            self.accounts.rename(account, name);
        }
        if let Body::AccountUpdated { contacts } = &event.body {
            contacts.iter().for_each(|contact| self.accounts.map_contact(contact, account));
        }
        if let Some(contact) = &event.contact {
            self.accounts.map_contact(contact, account);
        }
    }

    /// R4.7: a named account attaches the conversation, and replaces an account inferred from the contact; a contact
    /// alone lets the account be inferred.
    fn attach(&mut self, number: u32, event: &EventRecord) {
        let named = event.account.map(|id| self.accounts.find_or_create(id));
        let contact = event.contact.as_ref();
        if let (Some(account), Some(contact)) = (named, contact) {
            self.accounts.map_contact(contact, account);
        }
        let known = self.conversations.account(number);
        if let Some(account) = named {
            self.conversations.set_account(number, account, true);
        } else if known.is_none()
            && let Some(account) = contact.and_then(|contact| self.accounts.of_contact(contact))
        {
            self.conversations.set_account(number, account, false);
        }
        if let (Some(account), Some(name)) = (self.conversations.account(number), &event.account_name) {
            self.accounts.rename(account, name);
        }
    }
}

/// What an event means to a life; `None` for an event that is no part of one.
fn life_kind(body: &Body) -> Option<LifeKind> {
    Some(match body {
        Body::ConversationCreated => LifeKind::Named,
        Body::MessageReceived(features) => LifeKind::Turn(Speaker::Customer, features.clone()),
        Body::MessageSent { features, .. } => LifeKind::Turn(Speaker::Agent, features.clone()),
        Body::StatusChanged(status) => LifeKind::Move((*status).into()),
        Body::ConversationResolved(resolution) => LifeKind::Move((*resolution).into()),
        Body::AttentionItemCreated(kind) => LifeKind::Attention(*kind),
        Body::SignalObserved { signal, value } => LifeKind::Signal(signal.clone(), *value),
        Body::SurveyResponded { rating, .. } => LifeKind::Rating(*rating),
        Body::Message { heard: Heard::Automatic, .. } => LifeKind::Automatic,
        Body::Message { sender, heard: Heard::Turn(message) } => {
            let speaker = if sender.is_some() { Speaker::Agent } else { Speaker::Customer };
            LifeKind::Message(speaker, message.clone())
        }
        Body::ConversationScored(_) | Body::AccountUpdated { .. } => return None,
    })
}
