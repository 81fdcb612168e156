//! What receivers have answered lately, for people who look at deliveries. In memory alone, and little of it.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;

use crate::domain::effect::EffectId;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::time::Millis;

/// Answers that are kept of an endpoint.
const KEPT: usize = 100;

/// What there is to know of a delivery's last attempt that the state does not keep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastAnswer {
    pub excerpt: Box<str>,
    /// When it is tried again, where the receiver had a say in it.
    pub next: Option<Millis>,
}

/// The last answers to an endpoint's deliveries, the oldest first.
type OfEndpoint = VecDeque<(EffectId, LastAnswer)>;

/// Of all endpoints.
#[derive(Default)]
pub struct Answers(Mutex<HashMap<(WorkspaceKey, Id), OfEndpoint>>);

impl Answers {
    /// Keeps the answer to the last attempt of a delivery.
    pub fn keep(&self, key: WorkspaceKey, endpoint: Id, effect: EffectId, answer: LastAnswer) {
        let mut all = self.0.lock();
        let known = all.entry((key, endpoint)).or_default();
        known.retain(|(other, _)| *other != effect);
        if known.len() == KEPT {
            known.pop_front();
        }
        known.push_back((effect, answer));
    }

    /// The answers to these deliveries, where they are known.
    pub fn of(&self, key: WorkspaceKey, endpoint: Id) -> HashMap<EffectId, LastAnswer> {
        self.0.lock().get(&(key, endpoint)).map(|known| known.iter().cloned().collect()).unwrap_or_default()
    }

    /// Drops those of an endpoint that is gone.
    pub fn forget(&self, key: WorkspaceKey, endpoint: Id) {
        self.0.lock().remove(&(key, endpoint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Position, Side};

    #[test]
    fn i5_of_an_endpoint_a_hundred_answers_are_kept_one_for_each_delivery() {
        let (answers, key) = (Answers::default(), WorkspaceKey { id: Id(1), side: Side::Live });
        let effect = |seq| EffectId { at: Position::new(seq, 0), number: 1 };
        let answer = |text: &str| LastAnswer { excerpt: text.into(), next: None };
        for seq in 0..150 {
            answers.keep(key, Id(2), effect(seq), answer("first"));
        }
        answers.keep(key, Id(2), effect(149), answer("second"));
        let known = answers.of(key, Id(2));
        assert_eq!((known.len(), known.get(&effect(49))), (KEPT, None));
        assert_eq!((&known[&effect(50)], &known[&effect(149)]), (&answer("first"), &answer("second")));
        answers.forget(key, Id(2));
        assert!(answers.of(key, Id(2)).is_empty());
    }
}
