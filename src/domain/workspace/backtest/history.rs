//! The scored conversations in the order in which they were scored, in 16 bytes each; and, at 4 bytes each, those of an
//! account or of another group.

use super::super::super::ids::Position;
use super::super::super::time::Millis;
use super::super::cut::Cut;
use super::{GivenUp, Steps};

/// No account.
const NONE: u32 = u32::MAX;

/// One scored conversation.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Of the event that scored it, or a little later (see the module above).
    pub receipt: Millis,
    pub number: u32,
    account: u32,
}

impl Slot {
    pub fn account(&self) -> Option<usize> {
        (self.account != NONE).then_some(self.account as usize)
    }
}

/// All of them.
pub struct History(Vec<Slot>);

impl History {
    pub fn of(cut: &Cut, steps: &mut Steps<'_>) -> Result<Self, GivenUp> {
        let parts = &cut.conversations;
        let mut placed: Vec<(Position, u32, u32)> = Vec::with_capacity(cut.conversations() as usize);
        for number in 0..parts.records.len() as u32 {
            steps.step()?;
            if let Some(score) = parts.score(number) {
                placed.push((score.key.1, number, parts.account(number).unwrap_or(NONE)));
            }
        }
        placed.sort_unstable();
        placed.reverse();
        // From the last to the first, in the memory of `placed`.
        let mut least = Millis::MAX;
        let slot = |(_, number, account)| {
            least = least.min(parts.score(number).map_or(Millis::MAX, |score| score.receipt));
            Slot { receipt: least, number, account }
        };
        let mut slots: Vec<Slot> = placed.into_iter().map(slot).collect();
        slots.reverse();
        Ok(Self(slots))
    }

    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.0.iter()
    }

    pub fn slot(&self, rank: u32) -> &Slot {
        &self.0[rank as usize]
    }
}

/// The ranks of slots by the group that they are of, and within it in order.
pub struct Groups {
    /// Where each group begins; and the end of the last.
    starts: Vec<u32>,
    ranks: Vec<u32>,
}

impl Groups {
    /// `group` is that of a slot, below `count`.
    pub fn of(history: &History, count: usize, group: impl Fn(&Slot) -> Option<usize>) -> Self {
        let mut starts = vec![0; count + 1];
        history.slots().filter_map(&group).for_each(|group| starts[group + 1] += 1);
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        let mut ranks = vec![0; starts[count] as usize];
        // Each group's next place; in the end, where the group behind it begins.
        let mut next = starts.clone();
        for (rank, slot) in (0..).zip(history.slots()) {
            if let Some(group) = group(slot) {
                ranks[next[group] as usize] = rank;
                next[group] += 1;
            }
        }
        Self { starts, ranks }
    }

    pub fn get(&self, group: usize) -> &[u32] {
        &self.ranks[self.starts[group] as usize..self.starts[group + 1] as usize]
    }
}
