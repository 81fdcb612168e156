//! Pages of lists that grow (R2.6).

use super::cursor::{Cursor, List, decode};
use super::params::Query;
use crate::domain::ids::Id;
use crate::domain::listing::Place;
use crate::service::lists::ListCursor;
use crate::wire::failure::Fault;

/// Entries of a page unless `limit` says otherwise (R2.6).
const DEFAULT_LIMIT: u64 = 50;
/// Entries of a page, at most (R2.6).
const MAX_LIMIT: u64 = 100;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<const N: usize> {
    /// 1 to 100.
    pub limit: usize,
    /// What the cursor says; none for the first page.
    pub after: Option<[u64; N]>,
}

impl<const N: usize> Page<N> {
    /// The parameters `limit` and `cursor`; what is wrong with them goes to `faults`.
    pub fn read(query: &Query<'_>, list: List, faults: &mut Vec<Fault>) -> Self {
        let limit = query.whole("limit", 1..=MAX_LIMIT, faults).unwrap_or(DEFAULT_LIMIT);
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), after: read_cursor(query, list, faults) }
    }
}

/// What the parameter `cursor` says; none for the first page, and for one that is broken.
fn read_cursor<const N: usize>(query: &Query<'_>, list: List, faults: &mut Vec<Fault>) -> Option<[u64; N]> {
    let text = query.get("cursor")?;
    let numbers = decode(text).and_then(|cursor| cursor.of(list));
    if numbers.is_none() {
        faults.push(Fault::at("cursor", "is not a cursor of this list"));
    }
    numbers
}

/// Behind which place the page of a list begins that has pages of its own size.
pub fn place(query: &Query<'_>, list: List, faults: &mut Vec<Fault>) -> Option<Place> {
    let [at, high, low] = read_cursor(query, list, faults)?;
    Some((at.cast_signed(), Id(u128::from(high) << 64 | u128::from(low))))
}

/// The cursor of the page behind this place.
pub fn cursor_behind(list: List, (at, Id(id)): Place) -> String {
    Cursor::new(list, [at.cast_unsigned(), (id >> 64) as u64, id as u64]).encode()
}

/// Where the page of a list begins that somebody goes through.
pub const fn walked([walk, rank, query, first, second, third]: [u64; 6]) -> ListCursor {
    ListCursor { walk, rank, query, behind: [first, second, third] }
}

/// The cursor of that page.
pub fn cursor_of(list: List, ListCursor { walk, rank, query, behind }: ListCursor) -> String {
    let [first, second, third] = behind;
    Cursor::new(list, [walk, rank, query, first, second, third]).encode()
}

#[cfg(test)]
mod tests {
    use super::super::cursor::Cursor;
    use super::*;

    #[test]
    fn r2_6_limit_and_cursor_as_they_are_sent() {
        let page = |query: &str| {
            let mut faults = Vec::new();
            let page = Page::<1>::read(&Query::parse(Some(query)), List::Audit, &mut faults);
            faults.is_empty().then_some(page).ok_or(faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>())
        };
        assert_eq!(page(""), Ok(Page { limit: 50, after: None }));
        assert_eq!(page("limit=1").map(|page| page.limit), Ok(1));
        let cursor = Cursor::new(List::Audit, [9]).encode();
        assert_eq!(page(&format!("limit=100&cursor={cursor}")), Ok(Page { limit: 100, after: Some([9]) }));
        for limit in ["0", "101", "", "-1", "1.0", "+1", "x", "99999999999999999999999"] {
            assert_eq!(page(&format!("limit={limit}")), Err(vec!["/limit".to_owned()]), "{limit}");
        }
        assert_eq!(page("cursor="), Err(vec!["/cursor".to_owned()]));
        let other = Cursor::new(List::Audit, [9, 9]).encode();
        let behind = (-5, Id(u128::MAX - 6));
        let query = format!("cursor={}", cursor_behind(List::Keys, behind));
        let behind_of = |list| place(&Query::parse(Some(&query)), list, &mut Vec::new());
        assert_eq!((behind_of(List::Keys), behind_of(List::Workspaces)), (Some(behind), None));
        assert_eq!(page(&format!("limit=0&cursor={other}")), Err(vec!["/limit".to_owned(), "/cursor".to_owned()]));
    }
}
