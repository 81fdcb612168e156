//! The trails of the system table: one for each tenant, and one for what is no tenant's.

use std::collections::BTreeMap;

use super::super::ids::Position;
use super::super::time::Millis;
use super::entry::{AuditEntry, Repeat, Repeated};
use super::{SystemAction, Trail};

/// Who did what to workspaces and keys, by tenant: what one tenant does or tries never pushes out another's entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemTrails {
    /// Frames up to this seq have left no entries.
    after: u64,
    of_tenants: BTreeMap<Box<str>, Trail<SystemAction>>,
    of_nobody: Trail<SystemAction>,
}

impl SystemTrails {
    /// Of a state from before there were trails: its frames up to `seq` have left no entries.
    pub fn beginning_after(seq: u64) -> Self {
        Self { after: seq, of_tenants: BTreeMap::new(), of_nobody: Trail::beginning_after(seq) }
    }

    /// The trails of a state at seq `applied`, of entries in their order, whosever they are; `None` if they are not
    /// of its frames.
    pub fn restored(
        after: u64,
        entries: Vec<AuditEntry<SystemAction>>,
        repeats: Vec<Repeated<SystemAction>>,
        applied: u64,
    ) -> Option<Self> {
        let firsts = repeats.iter().map(|repeated: &Repeated<SystemAction>| repeated.first.at);
        let mut places: Vec<Position> = entries.iter().map(|entry| entry.at).chain(firsts).collect();
        places.sort_unstable();
        if places.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        let mut parts: BTreeMap<Option<Box<str>>, (Vec<_>, Vec<_>)> = BTreeMap::new();
        let tenant = |action: &SystemAction| action.tenant().map(Box::from);
        for entry in entries {
            parts.entry(tenant(&entry.action)).or_default().0.push(entry);
        }
        for repeated in repeats {
            parts.entry(tenant(&repeated.first.action)).or_default().1.push(repeated);
        }
        let mut trails = (after <= applied).then(|| Self::beginning_after(after))?;
        for (tenant, (entries, repeats)) in parts {
            *trails.of_mut(tenant.as_deref()) = Trail::restored(after, entries, repeats, applied)?;
        }
        Some(trails)
    }

    /// As [`restored`](Self::restored), of the one list of the newest entries of all tenants that there was before.
    pub fn of_one_list(after: u64, entries: Vec<AuditEntry<SystemAction>>, applied: u64) -> Option<Self> {
        let (after, entries) = Trail::whole_part(after, entries);
        Self::restored(after, entries, Vec::new(), applied)
    }

    /// What frames up to this seq did is not in them.
    pub const fn after(&self) -> u64 {
        self.after
    }

    /// Of a tenant, or of server keys and what is nobody's; `None` while there is nothing in it.
    pub fn of(&self, tenant: Option<&str>) -> Option<&Trail<SystemAction>> {
        match tenant {
            Some(tenant) => self.of_tenants.get(tenant),
            None => Some(&self.of_nobody),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Trail<SystemAction>> {
        std::iter::once(&self.of_nobody).chain(self.of_tenants.values())
    }

    pub fn is_empty(&self) -> bool {
        self.iter().all(Trail::is_empty)
    }

    pub fn push(&mut self, entry: AuditEntry<SystemAction>) {
        let tenant = entry.action.tenant().map(Box::<str>::from);
        self.of_mut(tenant.as_deref()).push(entry);
    }

    /// See [`Trail::repeat`].
    pub fn repeat(&mut self, at: Position, receipt: Millis, repeat: Repeat<SystemAction>) {
        let tenant = repeat.action.tenant().map(Box::<str>::from);
        self.of_mut(tenant.as_deref()).repeat(at, receipt, repeat);
    }

    fn of_mut(&mut self, tenant: Option<&str>) -> &mut Trail<SystemAction> {
        match tenant {
            Some(tenant) => {
                let after = self.after;
                self.of_tenants.entry(tenant.into()).or_insert_with(|| Trail::beginning_after(after))
            }
            None => &mut self.of_nobody,
        }
    }

    /// Whether no entry differs that both should have. One of them may begin later.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let none = |after| Trail::beginning_after(after);
        let agree = |tenant: Option<&str>| {
            let of = |trails: &Self| trails.of(tenant).cloned().unwrap_or_else(|| none(trails.after));
            of(self).agrees_with(&of(other))
        };
        let mut tenants = self.of_tenants.keys().chain(other.of_tenants.keys());
        agree(None) && tenants.all(|tenant| agree(Some(tenant)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::ids::Id;
    use super::super::{AuditOutcome, KEPT, Refusal};
    use super::*;

    fn entry(seq: u64, tenant: &str, outcome: AuditOutcome) -> AuditEntry<SystemAction> {
        let action = SystemAction::WorkspaceCreated { id: Id(seq.into()), name: "w".into(), tenant: tenant.into() };
        AuditEntry { at: Position::new(seq, 0), receipt: seq as Millis, actor: None, action, outcome }
    }

    const REFUSED: AuditOutcome = AuditOutcome::Refused(Refusal::WorkspaceExists);

    #[test]
    fn r2_14b_a_tenant_pushes_out_its_own_entries_alone() {
        let mut trails = SystemTrails::default();
        trails.push(entry(1, "a", AuditOutcome::Done));
        (2..=KEPT as u64 + 100).for_each(|seq| trails.push(entry(seq, "b", AuditOutcome::Done)));
        let len = |tenant| trails.of(tenant).map(Trail::len);
        assert_eq!([len(Some("a")), len(Some("b")), len(Some("c")), len(None)], [Some(1), Some(KEPT), None, Some(0)]);
        let unknown = SystemAction::KeyRevoked { id: Id(9), key: None };
        trails.push(AuditEntry { action: unknown, ..entry(1_000_000, "", REFUSED) });
        assert_eq!(trails.of(None).map(|trail| trail.repeats().len()), Some(1));
    }

    #[test]
    fn r9_7_the_one_list_of_before_is_read_as_the_trails_of_its_tenants() {
        let (a, b) = (|seq, outcome| entry(seq, "a", outcome), |seq, outcome| entry(seq, "b", outcome));
        let list = vec![a(1, AuditOutcome::Done), b(2, AuditOutcome::Done), b(3, REFUSED), a(4, AuditOutcome::Done)];
        let mut whole = SystemTrails::default();
        list.iter().for_each(|entry| whole.push(entry.clone()));
        let read = SystemTrails::of_one_list(0, list.clone(), 4).unwrap();
        assert_eq!(read, whole);
        assert!(read.agrees_with(&whole) && SystemTrails::beginning_after(4).agrees_with(&whole));
        assert!(!SystemTrails::default().agrees_with(&whole));
        assert_eq!(SystemTrails::of_one_list(0, list, 3), None, "not of this state");
    }
}
