//! The lives of conversations that have not settled, by number. Lives come and go, so they are kept beside the
//! records.
//!
//! Messages, changes of status and other events of a life are bounded (R5.1): each event of a scored conversation
//! walks over all of them.

use std::sync::Arc;

use super::super::life::Life;
use super::super::sparse::Sparse;

/// None while a life is taken out.
#[derive(Clone, Debug, Default)]
pub struct Lives(Sparse<Option<Arc<Life>>>);

impl Lives {
    pub fn get(&self, number: u32) -> &Life {
        self.find(number).expect("who lives has a life")
    }

    pub fn find(&self, number: u32) -> Option<&Life> {
        self.0.get(number).and_then(Option::as_deref)
    }

    /// The life as it is now; shared, not copied.
    pub fn share(&self, number: u32) -> Option<Arc<Life>> {
        self.0.get(number)?.clone()
    }

    pub fn get_mut(&mut self, number: u32) -> &mut Life {
        let life = self.0.get_mut(number).and_then(Option::as_mut).expect("who lives has a life");
        Arc::make_mut(life)
    }

    pub fn put(&mut self, number: u32, life: Arc<Life>) {
        match self.0.get_mut(number) {
            Some(slot) => *slot = Some(life),
            None => self.0.insert(number, Some(life)),
        }
    }

    /// Takes a life out, which must be put back or [ended](Self::end).
    pub fn take(&mut self, number: u32) -> Arc<Life> {
        self.0.get_mut(number).and_then(Option::take).expect("who lives has a life")
    }

    /// Removes the life.
    pub fn end(&mut self, number: u32) {
        self.0.remove(number);
    }

    /// How many live.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// By number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Arc<Life>)> {
        self.0.iter().filter_map(|(number, life)| Some((number, life.as_ref()?)))
    }

    #[must_use]
    pub fn cut(&mut self) -> Self {
        Self(self.0.cut())
    }
}
