//! Accounts as the workspace knows them, asleep or awake: name, index of scored conversations,
//! breaker. And which contact belongs to which.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};

use super::super::chunks::Chunks;
use super::super::ids::Id;
use super::super::index::Index;
use super::super::roster::Roster;
use super::super::run::LastResolve;

/// An account without its window, which only an awake one holds.
#[derive(Clone, Debug)]
pub struct AccountRecord {
    pub id: Id,
    /// The last name by position (R4.7).
    pub name: Option<Arc<str>>,
    /// All its scored conversations.
    pub scored: Roster,
    /// Somebody holds its window and has to be told of changes. No part of the state.
    pub awake: bool,
}

/// What only an account that has ever tripped has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tripped {
    pub active: Option<Id>,
    pub last_resolve: Option<LastResolve>,
}

/// All accounts, by number.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    records: Chunks<AccountRecord>,
    by_id: Index,
    /// Keyed anew in every process; nothing depends on it but speed.
    hasher: DefaultHashBuilder,
    tripped: HashMap<u32, Tripped>,
    contacts: HashMap<Box<str>, u32>,
}

impl Accounts {
    pub fn find(&self, id: Id) -> Option<u32> {
        self.by_id.find(self.hasher.hash_one(id), |number| self.get(number).id == id)
    }

    /// An account exists once it is named.
    pub fn find_or_create(&mut self, id: Id) -> u32 {
        if let Some(number) = self.find(id) {
            return number;
        }
        let number = self.records.push(AccountRecord { id, name: None, scored: Roster::default(), awake: false });
        let (records, hasher) = (&self.records, &self.hasher);
        self.by_id.insert(hasher.hash_one(id), number, |other| hasher.hash_one(records.get(other).id));
        number
    }

    pub fn get(&self, number: u32) -> &AccountRecord {
        self.records.get(number)
    }

    pub fn get_mut(&mut self, number: u32) -> &mut AccountRecord {
        self.records.get_mut(number)
    }

    /// Its active breaker and its last resolve.
    pub fn tripped(&self, number: u32) -> Tripped {
        self.tripped.get(&number).copied().unwrap_or_default()
    }

    pub fn trip(&mut self, number: u32, breaker: Id) {
        self.tripped.entry(number).or_default().active = Some(breaker);
    }

    pub fn resolve(&mut self, number: u32, last: LastResolve) {
        self.tripped.insert(number, Tripped { active: None, last_resolve: Some(last) });
    }

    pub fn rename(&mut self, number: u32, name: &str) {
        let record = self.get_mut(number);
        if record.name.as_deref() != Some(name) {
            record.name = Some(name.into());
        }
    }

    pub fn of_contact(&self, contact: &str) -> Option<u32> {
        self.contacts.get(contact).copied()
    }

    pub fn map_contact(&mut self, contact: &str, account: u32) {
        match self.contacts.get_mut(contact) {
            Some(mapped) => *mapped = account,
            None => {
                self.contacts.insert(contact.into(), account);
            }
        }
    }

    /// Nobody holds a window any more.
    pub fn all_sleep(&mut self) {
        self.records.iter_mut().for_each(|record| record.awake = false);
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &AccountRecord)> {
        (0..).zip(self.records.iter())
    }

    /// Contacts in the order of their names, with their account's number.
    pub fn contacts_in_order(&self) -> Vec<(&str, u32)> {
        let mut contacts: Vec<_> = self.contacts.iter().map(|(contact, &account)| (&**contact, account)).collect();
        contacts.sort_unstable();
        contacts
    }
}
