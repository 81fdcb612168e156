//! Whom a credential stands for (R2.14c).

use std::collections::BTreeSet;

use super::{Principal, Service};
use crate::domain::ids::Id;
use crate::domain::system::WorkspaceEntry;
use crate::wire::me::{Me, NamedWorkspace};
use crate::wire::values::Timestamp;

/// Workspaces that are named.
const NAMED: usize = 1_000;

impl Service {
    /// Who the principal is and what it reaches; of a server key, what it administers.
    pub fn me(&self, who: &Principal) -> Me {
        let table = self.engine.system_table();
        let (workspaces, total) = match who.workspace {
            Some(bound) => first(table.workspace(bound).into_iter()),
            None => first(table.listed_workspaces(who.tenant.as_deref(), None)),
        };
        Me {
            actor: who.actor.as_str().into(),
            tenant: who.tenant.clone(),
            side: who.side,
            scopes: who.scopes().to_vec(),
            workspace_id: who.workspace,
            workspaces,
            total: total.into(),
            expires_at: who.expires_at.map(Timestamp),
        }
    }
}

/// The first by name, whatever its case, and how many there are. Holds no more than it gives.
fn first<'a>(workspaces: impl Iterator<Item = &'a WorkspaceEntry>) -> (Vec<NamedWorkspace>, usize) {
    let mut first: BTreeSet<(String, Id, &str)> = BTreeSet::new();
    let mut total = 0;
    for WorkspaceEntry { id, name, .. } in workspaces {
        total += 1;
        first.insert((name.to_lowercase(), *id, name));
        if first.len() > NAMED {
            first.pop_last();
        }
    }
    (first.into_iter().map(|(_, id, name)| NamedWorkspace { id, name: name.into() }).collect(), total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_14c_the_first_thousand_by_name_are_named_and_all_counted() {
        let entry = |n: u128| WorkspaceEntry {
            id: Id(n),
            name: format!("{} {:04}", if n.is_multiple_of(2) { "Support" } else { "support" }, 5_000 - n).into(),
            tenant: "t".into(),
            created_at: 0,
        };
        let all: Vec<_> = (1..=1_500).map(entry).collect();
        let (named, total) = first(all.iter());
        assert_eq!((named.len(), total), (1_000, 1_500));
        assert_eq!((named[0].id, named[999].id), (Id(1_500), Id(501)), "case tells nothing apart");
        assert_eq!(first(all[..2].iter()).1, 2);
    }
}
