//! The lives of conversations that have not settled, by number. They come and go, so they stand
//! beside the records.

use hashbrown::HashMap;

use super::super::life::Life;

/// So that no table stalls everything when it grows.
const SHARDS: usize = 64;

/// None while a life is taken out.
#[derive(Clone, Debug, Default)]
pub struct Lives(Vec<HashMap<u32, Option<Box<Life>>>>);

impl Lives {
    pub fn get(&self, number: u32) -> &Life {
        let slot = self.0.get(number as usize % SHARDS).and_then(|shard| shard.get(&number));
        slot.and_then(Option::as_deref).expect("who lives has a life")
    }

    pub fn get_mut(&mut self, number: u32) -> &mut Life {
        let slot = self.0.get_mut(number as usize % SHARDS).and_then(|shard| shard.get_mut(&number));
        slot.and_then(Option::as_deref_mut).expect("who lives has a life")
    }

    pub fn put(&mut self, number: u32, life: Box<Life>) {
        if self.0.is_empty() {
            self.0.resize_with(SHARDS, HashMap::new);
        }
        self.0[number as usize % SHARDS].insert(number, Some(life));
    }

    /// Takes a life out, to be put back or [ended](Self::end).
    pub fn take(&mut self, number: u32) -> Box<Life> {
        let slot = self.0.get_mut(number as usize % SHARDS).and_then(|shard| shard.get_mut(&number));
        slot.and_then(Option::take).expect("who lives has a life")
    }

    /// There is no life any more.
    pub fn end(&mut self, number: u32) {
        if let Some(shard) = self.0.get_mut(number as usize % SHARDS) {
            let ended = shard.remove(&number).is_some();
            if ended && shard.len() * 4 < shard.capacity() {
                shard.shrink_to(shard.len() * 2);
            }
        }
    }
}
