//! Endpoints in a stream, and what becomes of their deliveries.

use tripswitch::domain::delivery::{Attempt, DeliveryFault, DeliveryNotes, Outcome};
use tripswitch::domain::effect::{EffectId, EffectType, EffectTypes};
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::record::{Command, Record};
use tripswitch::domain::resource::{ResourceBody, ResourceChange, ResourceRecord};
use tripswitch::domain::time::Millis;

use crate::naive::Naive;
use crate::random::Random;
use crate::stream::{Action, Maker};

/// Ids that streams give their endpoints.
pub const ENDPOINTS: u64 = 4;

pub fn endpoint(number: u64) -> Id {
    Id(0xe0e0_0000_0000_0000_0000_0000_0000_0000 + u128::from(number))
}

/// What is done to an endpoint. What a record needs of the state is looked up when it is made.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    Made {
        wants: EffectTypes,
    },
    Changed {
        wants: EffectTypes,
        knows: bool,
    },
    Gone,
    /// What became of some deliveries, by this seed.
    Notes {
        seed: u64,
    },
    Replay {
        since: Millis,
    },
    Resend {
        seed: u64,
    },
}

impl Maker {
    pub(crate) fn of_endpoint(&mut self) -> Action {
        let number = self.rng.below(ENDPOINTS);
        let of = match self.rng.below(26) {
            0..=6 => Of::Made { wants: self.wants() },
            7..=10 => Of::Changed { wants: self.wants(), knows: self.rng.chance(85) },
            11 => Of::Gone,
            12..=20 => Of::Notes { seed: self.rng.next() },
            21..=23 => Of::Replay { since: self.mark() + self.rng.range(-1, 1) },
            _ => Of::Resend { seed: self.rng.next() },
        };
        self.marks.push(self.now);
        Action::Endpoint(number, of)
    }

    fn wants(&mut self) -> EffectTypes {
        let breakers = [EffectType::BreakerTriggered, EffectType::BreakerAcknowledged, EffectType::BreakerResolved];
        match self.rng.below(5) {
            0 => EffectTypes::ALL,
            1 | 2 => breakers.into_iter().collect(),
            3 => EffectTypes::NONE,
            _ => EffectType::ALL.into_iter().filter(|_| self.rng.chance(40)).collect(),
        }
    }
}

/// The record of it.
pub fn record(naive: &Naive, number: u64, of: Of, actor: Box<str>, now: Millis) -> Record {
    let id = endpoint(number);
    let body = |wants| ResourceBody { version: 1, wants, content: [number as u8].into() };
    let change = match of {
        Of::Made { wants } => ResourceChange::Made { body: body(wants), most: 3 },
        Of::Changed { wants, knows } => {
            let known = naive.resources.iter().find(|resource| resource.id == id).map(|known| known.changed.1);
            ResourceChange::Changed { body: body(wants), from: known.filter(|_| knows).unwrap_or(Position::ZERO) }
        }
        Of::Gone => ResourceChange::Gone,
        Of::Notes { seed } => return Record::Deliveries(notes(naive, id, &mut Random::new(seed), now)),
        Of::Replay { since } => return Record::Command { actor, command: Command::Replay { endpoint: id, since } },
        Of::Resend { seed } => {
            let mut ids = kept(naive);
            ids.push(EffectId { at: Position::new(1, 7), number: 9 });
            let effect = ids[(seed % ids.len() as u64) as usize];
            return Record::Command { actor, command: Command::Resend { endpoint: id, effect } };
        }
    };
    let actor = (number != 0).then_some(actor);
    Record::Resource { actor, record: ResourceRecord { kind: "webhook".into(), id, change } }
}

fn kept(naive: &Naive) -> Vec<EffectId> {
    let mut ids: Vec<_> = naive.lanes.iter().flat_map(|lane| &lane.kept).map(|kept| kept.id).collect();
    ids.sort_unstable();
    ids
}

/// Of what is open and what comes next; now and then of something else.
fn notes(naive: &Naive, id: Id, rng: &mut Random, now: Millis) -> DeliveryNotes {
    let known = naive.endpoints.iter().find(|endpoint| endpoint.id == id);
    let begin = known.map_or(EffectId::ZERO, |known| known.progress.upto);
    let mut coming: Vec<EffectId> = kept(naive).into_iter().filter(|effect| *effect > begin).collect();
    let some = if rng.chance(30) { coming.len() } else { rng.below(coming.len().min(6) as u64 + 1) as usize };
    coming.truncate(some);
    let upto = coming.last().copied().unwrap_or(if rng.chance(10) { EffectId::ZERO } else { begin });
    let upto = if rng.chance(30) { upto.max(naive.newest_effect()) } else { upto };
    let open = known.into_iter().flat_map(|known| known.progress.open.keys().copied());
    let mut outcomes = Vec::new();
    for effect in open.chain(coming) {
        let attempt = Attempt {
            at: now - rng.range(0, 5_000),
            milliseconds: rng.below(900) as u32,
            status: rng.chance(50).then_some(500),
            fault: rng.chance(50).then_some(DeliveryFault::Timeout),
        };
        let outcome = match rng.below(10) {
            0 | 1 => Outcome::Open,
            2 | 3 => Outcome::Failed(attempt),
            4 => Outcome::Abandoned(rng.chance(50).then_some(attempt)),
            _ => Outcome::Delivered(attempt),
        };
        if rng.chance(80) {
            outcomes.push((effect, outcome));
        }
    }
    DeliveryNotes { endpoint: id, upto, outcomes }
}
