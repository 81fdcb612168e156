//! Tickets: each opens one stream of its owner's, for clients that cannot set a header (R8.2b).
//!
//! A ticket stands in a URL, so it is good for little and not for long: one connection, within half a minute. Its
//! SHA-256 is kept, in memory alone.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::{Principal, Service, ServiceError};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::time::{Millis, SECOND};

/// How long a ticket is good.
const GOOD_FOR: Millis = 30 * SECOND;
/// Tickets of one credential that are neither used nor over.
const MOST: usize = 1_000;
/// Characters of a ticket: 190 bits.
const LENGTH: usize = 32;

/// The tickets that are not used yet.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    tickets: HashMap<[u8; 32], Ticket>,
    /// In the order in which they end, since all are good for the same time; used ones too.
    order: VecDeque<(Millis, [u8; 32])>,
    /// How many each actor has.
    of_actor: HashMap<String, usize>,
}

#[derive(Debug)]
struct Ticket {
    who: Principal,
    workspace: Id,
}

impl Kept {
    fn take(&mut self, hash: &[u8; 32]) -> Option<Ticket> {
        let ticket = self.tickets.remove(hash)?;
        if let Some(count) = self.of_actor.get_mut(&ticket.who.actor) {
            *count -= 1;
            if *count == 0 {
                self.of_actor.remove(&ticket.who.actor);
            }
        }
        Some(ticket)
    }

    fn forget_over(&mut self, now: Millis) {
        while let Some((_, hash)) = self.order.pop_front_if(|(ends, _)| *ends <= now) {
            let _over = self.take(&hash);
        }
    }
}

impl Tickets {
    /// Keeps a new ticket; none where its owner has too many.
    fn issue(&self, text: &str, who: &Principal, workspace: Id, now: Millis) -> Result<Millis, ServiceError> {
        let mut kept = self.0.lock();
        kept.forget_over(now);
        let count = kept.of_actor.entry(who.actor.clone()).or_default();
        if *count >= MOST {
            return Err(ServiceError::TooManyTickets(MOST));
        }
        *count += 1;
        let (hash, ends) = (hash(text), now + GOOD_FOR);
        kept.tickets.insert(hash, Ticket { who: who.clone(), workspace });
        kept.order.push_back((ends, hash));
        Ok(ends)
    }

    /// Whose ticket it is; it is used from here on, also where it is for another workspace.
    fn redeem(&self, text: &str, workspace: Option<Id>, now: Millis) -> Option<Principal> {
        let mut kept = self.0.lock();
        kept.forget_over(now);
        let ticket = kept.take(&hash(text))?;
        (workspace == Some(ticket.workspace)).then_some(ticket.who)
    }

    pub(super) fn forget_idle(&self, now: Millis) {
        self.0.lock().forget_over(now);
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl Service {
    /// A ticket for a stream of this side, and until when it is good.
    pub fn issue_ticket(&self, who: &Principal, key: WorkspaceKey) -> Result<(String, Millis), ServiceError> {
        let text = self.ids.token(LENGTH);
        let ends = self.tickets.issue(&text, who, key.id, self.now())?;
        Ok((text, ends))
    }

    /// The principal behind a ticket, for the workspace that is asked for; good once.
    pub fn redeem_ticket(&self, text: &str, workspace: Option<Id>) -> Result<Principal, ServiceError> {
        let who = self.tickets.redeem(text, workspace, self.now()).ok_or(ServiceError::Unauthorized)?;
        if self.is_in_force(&who) { Ok(who) } else { Err(ServiceError::Unauthorized) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::Claims;

    fn who(actor: &str) -> Principal {
        let (actor, tenant, scopes) = (actor.into(), "t".into(), Vec::new());
        Principal::of_claims(Claims { actor, tenant, scopes, expires_at: Millis::MAX })
    }

    #[test]
    fn r8_2b_a_ticket_is_good_once_for_its_workspace_and_half_a_minute() {
        let (tickets, w) = (Tickets::default(), Id(7));
        assert_eq!(tickets.issue("a", &who("x"), w, 0).unwrap(), 30_000);
        for text in ["b", "c", "d"] {
            tickets.issue(text, &who("x"), w, 1).unwrap();
        }
        assert_eq!(tickets.redeem("b", Some(w), 29_999), Some(who("x")));
        assert_eq!(tickets.redeem("b", Some(w), 29_999), None, "once");
        assert_eq!(tickets.redeem("c", Some(Id(8)), 29_999), None, "another workspace");
        assert_eq!(tickets.redeem("c", Some(w), 29_999), None, "it is used");
        assert_eq!(tickets.redeem("e", Some(w), 29_999), None, "nobody's");
        assert_eq!(tickets.redeem("a", Some(w), 30_000), None, "too late");
        assert_eq!(tickets.redeem("d", Some(w), 30_000), Some(who("x")));
        let kept = tickets.0.lock();
        assert!(kept.tickets.is_empty() && kept.of_actor.is_empty());
    }

    #[test]
    fn r8_2b_a_credential_has_so_many_at_a_time() {
        let tickets = Tickets::default();
        for n in 0..MOST {
            tickets.issue(&n.to_string(), &who("x"), Id(1), 0).unwrap();
        }
        assert!(matches!(tickets.issue("more", &who("x"), Id(1), 0), Err(ServiceError::TooManyTickets(_))));
        tickets.issue("y", &who("y"), Id(1), 0).expect("another's");
        tickets.redeem("0", Some(Id(1)), 1).unwrap();
        tickets.issue("again", &who("x"), Id(1), 1).expect("one was used");
        tickets.forget_idle(60_000);
        assert!(tickets.0.lock().order.is_empty());
    }
}
