//! Accounts as the workspace knows them, asleep or awake: name, index of scored conversations,
//! breaker. And which contact belongs to which.

use std::sync::Arc;

use hashbrown::HashMap;

use super::super::ids::Id;
use super::super::run::LastResolve;
use super::super::timeline::Timeline;

/// An account without its window, which only an awake one holds.
#[derive(Clone, Debug)]
pub struct AccountRecord {
    pub id: Id,
    /// The last name by position (R4.7).
    pub name: Option<Arc<str>>,
    /// All its scored conversations.
    pub scored: Timeline<()>,
    pub active: Option<Id>,
    pub last_resolve: Option<LastResolve>,
    /// Somebody holds its window and has to be told of changes. No part of the state.
    pub awake: bool,
}

/// All accounts, by number.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    records: Vec<AccountRecord>,
    by_id: HashMap<Id, u32>,
    contacts: HashMap<Box<str>, u32>,
}

impl Accounts {
    pub fn find(&self, id: Id) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// An account exists once it is named.
    pub fn find_or_create(&mut self, id: Id) -> u32 {
        *self.by_id.entry(id).or_insert_with(|| {
            self.records.push(AccountRecord {
                id,
                name: None,
                scored: Timeline::default(),
                active: None,
                last_resolve: None,
                awake: false,
            });
            self.records.len() as u32 - 1
        })
    }

    pub fn get(&self, number: u32) -> &AccountRecord {
        &self.records[number as usize]
    }

    pub fn get_mut(&mut self, number: u32) -> &mut AccountRecord {
        &mut self.records[number as usize]
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

    pub fn iter(&self) -> impl Iterator<Item = &AccountRecord> {
        self.records.iter()
    }

    /// Contacts in the order of their names, with their account's number.
    pub fn contacts_in_order(&self) -> Vec<(&str, u32)> {
        let mut contacts: Vec<_> = self.contacts.iter().map(|(contact, &account)| (&**contact, account)).collect();
        contacts.sort_unstable();
        contacts
    }
}
