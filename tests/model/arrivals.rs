//! What an accepted event does: to its conversation, to accounts and contacts, and what is judged for it.

use tripswitch::domain::event::{Body, EventRecord};
use tripswitch::domain::ids::Id;

use crate::broken::Broken;
use crate::life::reopens;
use crate::naive::{Arrival, Attachment, Conversation, Naive};

impl Naive {
    pub fn of_conversation(&mut self, arrival: Arrival) {
        let Arrival { event, conversation: id, .. } = arrival;
        self.create(id);
        let begins_life = match self.lateness(arrival) {
            Lateness::Late if self.rated_late(arrival) => return,
            Lateness::Late => {
                self.late_events += 1;
                if self.breaks(Broken::LateEventsAttach) {
                    self.attach(event, id);
                    self.learn(event, Some(id));
                }
                if self.breaks(Broken::LateEventsLabel) {
                    self.label(event, id);
                }
                return self.coverage.count("late");
            }
            Lateness::InTime => false,
            Lateness::NewLife => true,
        };
        let account_before = self.known(id).attachment.account();
        let was_scored = self.known(id).score.is_some();
        let windows_before = if was_scored { self.windows() } else { Vec::new() };
        self.attach(event, id);
        self.label(event, id);
        self.hear(arrival, begins_life);
        self.learn(event, Some(id));
        let account = self.known(id).attachment.account();
        let joins = account != account_before;
        let arrival = Arrival { joins, leaves: account_before.filter(|_| joins), ..arrival };
        let scoring = match &event.body {
            Body::ConversationScored(import) => self.import(arrival, *import),
            Body::ConversationCreated
            | Body::MessageReceived(_)
            | Body::MessageSent { .. }
            | Body::Message { .. }
            | Body::StatusChanged(_)
            | Body::ConversationResolved(_)
            | Body::AttentionItemCreated(_)
            | Body::SignalObserved { .. }
            | Body::SurveyResponded { .. }
            | Body::AccountUpdated { .. } => self.live(arrival, begins_life),
        };
        let joined = arrival.joins && self.known(id).score.is_some();
        if joined && was_scored {
            self.coverage.count(if account_before.is_some() { "scored one moved" } else { "scored one attached" });
        }
        if let Body::SurveyResponded { rating, .. } = &event.body {
            self.note_rating(id, *rating, arrival.receipt, self.ending_now(self.known(id)), None);
        }
        self.follow_up(arrival);
        if scoring {
            self.tell_score(arrival.position, id);
        }
        if scoring || joined {
            self.note_returned(&windows_before);
        }
        let judged = if self.breaks(Broken::RescoreNotJudged) && was_scored { false } else { scoring }
            || (joined && !self.breaks(Broken::AttachNotJudged));
        if judged {
            self.judge(account, arrival.into());
        }
    }

    /// If it is not there yet.
    fn create(&mut self, id: Id) {
        if self.conversation(id).is_some() {
            return;
        }
        if self.erased.contains(&id) {
            self.coverage.count("erased one came again");
        }
        self.conversations.push(Conversation {
            id,
            attachment: Attachment::None,
            carried: None,
            kept: Vec::new(),
            last_change: 0,
            settled: false,
            score: None,
            said: None,
            contact: None,
            labels: [None, None],
            spoken: Vec::new(),
            comment: None,
            rated: None,
            mail: None,
            ended: None,
            erased: false,
            expectation: None,
        });
    }

    /// R5.2.
    fn lateness(&self, Arrival { event, conversation, time, .. }: Arrival) -> Lateness {
        let import = matches!(event.body, Body::ConversationScored(_)) && !self.breaks(Broken::LateImports);
        if import || self.breaks(Broken::NothingIsLate) {
            return Lateness::InTime;
        }
        let known = self.known(conversation);
        if known.settled {
            let scored_at = self.end_of(known).expect("a terminal life has an end").scored_at;
            let new_life = reopens(&event.body) && time > scored_at;
            return if new_life { Lateness::NewLife } else { Lateness::Late };
        }
        match &known.carried {
            Some(end) if time <= end.scored_at => Lateness::Late,
            Some(_) | None => Lateness::InTime,
        }
    }

    /// R4.7.
    fn attach(&mut self, event: &EventRecord, id: Id) {
        let update_only = self.breaks(Broken::ContactsByUpdateOnly);
        if let (Some(account), Some(contact), false) = (event.account, &event.contact, update_only) {
            self.map_contact(contact, account);
        }
        let mapped = event.contact.as_ref().and_then(|contact| self.account_of_contact(contact));
        let follows = self.breaks(Broken::ContactMovesConversation);
        let known = self.known_mut(id);
        let before = known.attachment;
        known.attachment = match (event.account, before) {
            (Some(account), _) => Attachment::Named(account),
            (None, Attachment::None) => mapped.map_or(before, Attachment::Inferred),
            (None, Attachment::Inferred(_)) if follows => mapped.map_or(before, Attachment::Inferred),
            (None, Attachment::Inferred(_) | Attachment::Named(_)) => before,
        };
        match (before, known.attachment) {
            (Attachment::None, Attachment::Inferred(_)) => self.coverage.count("account inferred"),
            (Attachment::Inferred(a), Attachment::Named(b)) if a != b => self.coverage.count("account moved"),
            (Attachment::Inferred(_), Attachment::Named(_)) => self.coverage.count("account confirmed"),
            _ => {}
        }
    }

    /// R7.8.
    fn label(&mut self, event: &EventRecord, id: Id) {
        let first_stays = self.breaks(Broken::FirstLabelStays);
        let known = self.known_mut(id);
        let mut changes = 0;
        for (label, named) in known.labels.iter_mut().zip([&event.channel, &event.intent]) {
            let Some(named) = named.as_deref() else { continue };
            changes += u64::from(known.score.is_some() && label.as_deref().is_some_and(|before| before != named));
            if label.is_none() || !first_stays {
                *label = Some(named.into());
            }
        }
        self.coverage.add("scored one got another label", changes);
    }

    /// Accounts, their names and contacts; `conversation` after its attachment.
    pub fn learn(&mut self, event: &EventRecord, conversation: Option<Id>) {
        if let Some(account) = event.account {
            if !self.accounts.iter().any(|(id, _)| *id == account) {
                self.accounts.push((account, None));
            }
            if let Body::AccountUpdated { contacts } = &event.body {
                if let Some(contact) = &event.contact {
                    self.map_contact(contact, account);
                }
                self.coverage.count("account updated");
                contacts.iter().for_each(|contact| self.map_contact(contact, account));
            }
        }
        let first_stays = self.breaks(Broken::FirstNameStays);
        let named = event.account.or_else(|| self.known(conversation?).attachment.account());
        if let (Some(account), Some(name)) = (named, &event.account_name) {
            let entry = self.accounts.iter_mut().find(|(id, _)| *id == account).expect("was named before");
            if entry.1.as_ref().is_some_and(|old| old != name) {
                self.coverage.count("account renamed");
            }
            if entry.1.is_none() || !first_stays {
                entry.1 = Some(name.clone());
            }
        }
    }

    fn map_contact(&mut self, contact: &str, account: Id) {
        self.contacts.push((contact.into(), account));
    }

    fn account_of_contact(&self, contact: &str) -> Option<Id> {
        self.contacts.iter().rev().find(|(known, _)| &**known == contact).map(|(_, account)| *account)
    }
}

enum Lateness {
    Late,
    InTime,
    NewLife,
}
