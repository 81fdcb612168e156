//! Values by number where few numbers have one: pages of 64 numbers that hold only what is there. A
//! cut shares the pages (I9).

use std::sync::Arc;

use super::chunks::Chunks;

/// Numbers of a page.
const PAGE: u32 = 64;

/// By place in the page, ascending.
type Page<T> = Arc<Vec<(u8, T)>>;

/// A map from numbers to values.
#[derive(Clone, Debug)]
pub struct Sparse<T> {
    pages: Chunks<Option<Page<T>>>,
    len: usize,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self { pages: Chunks::default(), len: 0 }
    }
}

impl<T> Sparse<T> {
    /// How many numbers have a value.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn get(&self, number: u32) -> Option<&T> {
        let page = self.pages.find(number / PAGE)?.as_deref()?;
        find(page, number).ok().map(|at| &page[at].1)
    }

    /// All that is there, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let pages = (0..).zip(self.pages.iter()).filter_map(|(at, page)| Some((at * PAGE, page.as_deref()?)));
        pages.flat_map(|(first, page)| page.iter().map(move |(place, value)| (first + u32::from(*place), value)))
    }
}

impl<T: Clone> Sparse<T> {
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let at = find(self.pages.find(number / PAGE)?.as_deref()?, number).ok()?;
        let page = Arc::make_mut(self.pages.get_mut(number / PAGE).as_mut()?);
        page.get_mut(at).map(|(_, value)| value)
    }

    /// Puts a value in, in place of the one that is there.
    pub fn insert(&mut self, number: u32, value: T) {
        while self.pages.len() <= (number / PAGE) as usize {
            self.pages.push(None);
        }
        let page = Arc::make_mut(self.pages.get_mut(number / PAGE).get_or_insert_default());
        match find(page, number) {
            Ok(at) => page[at].1 = value,
            Err(at) => {
                if page.len() == page.capacity() {
                    page.reserve_exact((page.len() / 4).max(1));
                }
                page.insert(at, ((number % PAGE) as u8, value));
                self.len += 1;
            }
        }
    }

    pub fn remove(&mut self, number: u32) -> Option<T> {
        let at = find(self.pages.find(number / PAGE)?.as_deref()?, number).ok()?;
        let slot = self.pages.get_mut(number / PAGE);
        let page = Arc::make_mut(slot.as_mut()?);
        let (_, value) = page.remove(at);
        self.len -= 1;
        if page.is_empty() {
            *slot = None;
        } else if page.len() * 4 < page.capacity() {
            page.shrink_to(page.len() * 2);
        }
        Some(value)
    }

    /// All values as they are now; what is changed later is copied then.
    #[must_use]
    pub fn cut(&mut self) -> Self {
        Self { pages: self.pages.cut(), len: self.len }
    }
}

fn find<T>(page: &[(u8, T)], number: u32) -> Result<usize, usize> {
    page.binary_search_by_key(&((number % PAGE) as u8), |(place, _)| *place)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn i9_what_is_there_is_what_a_map_says_and_a_cut_stays(
            steps in proptest::collection::vec((0u32..400, any::<bool>(), any::<u16>()), 1..600),
            cut_at in 0usize..600,
        ) {
            let (mut sparse, mut map) = (Sparse::default(), BTreeMap::new());
            let mut cut = None;
            for (step, (number, inserts, value)) in steps.into_iter().enumerate() {
                if step == cut_at {
                    cut = Some((sparse.cut(), map.clone()));
                }
                if inserts {
                    sparse.insert(number, value);
                    map.insert(number, value);
                } else {
                    prop_assert_eq!(sparse.remove(number), map.remove(&number));
                }
                if let Some(found) = sparse.get_mut(number / 2) {
                    *found ^= 1;
                }
                if let Some(found) = map.get_mut(&(number / 2)) {
                    *found ^= 1;
                }
            }
            let same = |sparse: &Sparse<u16>, map: &BTreeMap<u32, u16>| {
                sparse.iter().map(|(n, v)| (n, *v)).eq(map.iter().map(|(n, v)| (*n, *v)))
                    && sparse.len() == map.len()
                    && (0..400).all(|number| sparse.get(number) == map.get(&number))
            };
            prop_assert!(same(&sparse, &map));
            if let Some((sparse, map)) = cut {
                prop_assert!(same(&sparse, &map), "the cut has changed");
            }
        }
    }
}
