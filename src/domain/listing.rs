//! The order in which lists show workspaces and keys (R2.6): by when they were made, then by id. Kept beside the tables,
//! so that a page costs the page, whatever else there is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::ids::Id;
use super::time::Millis;

/// Where something stands in its list: when it was made, and its id.
pub type Place = (Millis, Id);

type Places = Arc<BTreeSet<Place>>;

/// All places, and those of each tenant. A copy shares what does not change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    all: Places,
    tenants: BTreeMap<Box<str>, Places>,
}

impl Listing {
    /// What belongs to no tenant stands among all alone.
    pub fn add(&mut self, tenant: Option<&str>, place: Place) {
        Arc::make_mut(&mut self.all).insert(place);
        if let Some(tenant) = tenant {
            Arc::make_mut(self.tenants.entry(tenant.into()).or_default()).insert(place);
        }
    }

    /// The inverse of [`add`](Self::add).
    pub fn remove(&mut self, tenant: Option<&str>, place: Place) {
        Arc::make_mut(&mut self.all).remove(&place);
        if let Some(tenant) = tenant
            && let Some(places) = self.tenants.get_mut(tenant)
        {
            Arc::make_mut(places).remove(&place);
            if places.is_empty() {
                self.tenants.remove(tenant);
            }
        }
    }

    /// How many a tenant has, or all.
    pub fn count(&self, tenant: Option<&str>) -> usize {
        self.of(tenant).map_or(0, BTreeSet::len)
    }

    /// A tenant's, or all, oldest first, from behind `place` on.
    pub fn after(&self, tenant: Option<&str>, place: Option<Place>) -> impl Iterator<Item = Place> {
        let from = place.map_or(Bound::Unbounded, Bound::Excluded);
        self.of(tenant).into_iter().flat_map(move |places| places.range((from, Bound::Unbounded)).copied())
    }

    fn of(&self, tenant: Option<&str>) -> Option<&BTreeSet<Place>> {
        match tenant {
            None => Some(&*self.all),
            Some(tenant) => self.tenants.get(tenant).map(|places| &**places),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_6_places_are_in_order_and_each_tenants_its_own() {
        let mut listing = Listing::default();
        for (tenant, at, id) in
            [(Some("a"), 2, 9), (Some("b"), 1, 5), (Some("a"), 2, 3), (None, 3, 1), (Some("a"), 1, 7)]
        {
            listing.add(tenant, (at, Id(id)));
        }
        let ids = |tenant, after| listing.after(tenant, after).map(|(_, id)| id.0).collect::<Vec<_>>();
        assert_eq!((ids(None, None), ids(Some("a"), None)), (vec![5, 7, 3, 9, 1], vec![7, 3, 9]));
        assert_eq!((ids(Some("a"), Some((2, Id(3)))), ids(Some("a"), Some((2, Id(4))))), (vec![9], vec![9]));
        assert!(ids(Some("c"), None).is_empty() && ids(Some("a"), Some((2, Id(9)))).is_empty());
        assert_eq!((listing.count(None), listing.count(Some("b")), listing.count(Some("c"))), (5, 1, 0));
        listing.remove(Some("a"), (2, Id(3)));
        listing.remove(None, (3, Id(1)));
        let ids = |tenant| listing.after(tenant, None).map(|(_, id)| id.0).collect::<Vec<_>>();
        assert_eq!((ids(None), ids(Some("a"))), (vec![5, 7, 9], vec![7, 9]));
    }
}
