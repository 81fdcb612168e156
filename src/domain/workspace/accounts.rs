//! Accounts as the workspace knows them, asleep or awake: name, index of scored conversations,
//! breaker. And which contact belongs to which.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};
use serde::{Deserialize, Serialize};

use super::super::chunks::Chunks;
use super::super::event::ContactName;
use super::super::ids::Id;
use super::super::index::Index;
use super::super::life::ContactMark;
use super::super::roster::Roster;
use super::super::run::LastResolve;
use super::super::standing::{Assessment, Standing};
use super::super::view::ChurnRisk;

/// An account without its conversations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountRecord {
    pub id: Id,
    /// The last name by position (R4.7).
    pub name: Option<Arc<str>>,
}

/// What follows from the conversations: it is in no cut, but rebuilt at load (I9).
#[derive(Clone, Debug, Default)]
pub struct Belongings {
    /// All its scored conversations.
    pub scored: Roster,
    /// An awake account holds its window and must be told of changes. No part of the state.
    pub awake: bool,
}

/// Which account a contact belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Empty: the place is free.
    pub id: Arc<str>,
    /// The account's number.
    pub account: u32,
    /// The first that an event had with the id. On disk the marks stand in blocks of their own.
    #[serde(skip)]
    pub mark: ContactMark,
}

impl Contact {
    pub fn is_free(&self) -> bool {
        self.id.is_empty()
    }
}

/// What only an account has that once had a breaker.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tripped {
    pub active: Option<Id>,
    pub last_resolve: Option<LastResolve>,
}

impl Tripped {
    /// Takes in a breaker that tripped before: it is active, or was resolved. The last resolve by position counts.
    pub fn happened(&mut self, breaker: Id, resolved: Option<LastResolve>) {
        match resolved {
            None => self.active = Some(breaker),
            Some(last) if self.last_resolve.is_none_or(|before| before.position < last.position) => {
                self.last_resolve = Some(last);
            }
            Some(_) => {}
        }
    }
}

/// All accounts, by number.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    records: Chunks<AccountRecord>,
    belongings: Chunks<Belongings>,
    standings: Chunks<Standing>,
    by_id: Index,
    /// Keyed anew in every process, which only affects speed.
    hasher: DefaultHashBuilder,
    tripped: HashMap<u32, Tripped>,
    /// By number.
    contacts: Chunks<Contact>,
    by_contact: Index,
    /// Numbers of erased contacts, which are free. No part of the state: contacts are known by their ids alone.
    free_contacts: Vec<u32>,
}

impl Accounts {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.records.len()
    }

    pub fn find(&self, id: Id) -> Option<u32> {
        self.by_id.find(self.hasher.hash_one(id), |number| self.get(number).id == id)
    }

    /// The number of an account; it is made if it is not there yet, since an account exists once it is named.
    pub fn find_or_create(&mut self, id: Id) -> u32 {
        match self.find(id) {
            Some(number) => number,
            None => self.create(AccountRecord { id, name: None }),
        }
    }

    /// Adds an account that must not be there yet.
    pub fn create(&mut self, record: AccountRecord) -> u32 {
        let hash = self.hasher.hash_one(record.id);
        let number = self.records.push(record);
        self.belongings.push(Belongings::default());
        self.standings.push(Standing::default());
        let (records, hasher) = (&self.records, &self.hasher);
        self.by_id.insert(hash, number, |other| hasher.hash_one(records.get(other).id));
        number
    }

    pub fn get(&self, number: u32) -> &AccountRecord {
        self.records.get(number)
    }

    /// Its scored conversations.
    pub fn scored(&self, number: u32) -> &Roster {
        &self.belongings.get(number).scored
    }

    pub fn belongings(&mut self, number: u32) -> &mut Belongings {
        self.belongings.get_mut(number)
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

    /// The risk of its latest effect.
    pub fn announced(&self, number: u32) -> ChurnRisk {
        self.standings.get(number).announced()
    }

    pub fn announce(&mut self, number: u32, risk: ChurnRisk) {
        self.standings.get_mut(number).announce(risk);
    }

    /// What the account comes to from now on; none: somebody has to look.
    pub fn stands(&mut self, number: u32, assessment: Option<&Assessment>) {
        let standing = self.standings.get_mut(number);
        match assessment {
            Some(assessment) => standing.take(assessment),
            None => standing.set_stale(),
        }
    }

    /// What accounts come to is judged by other rules from now on.
    pub fn all_stale(&mut self) {
        self.standings.iter_mut().for_each(Standing::set_stale);
    }

    pub fn rename(&mut self, number: u32, name: &str) {
        if self.get(number).name.as_deref() != Some(name) {
            self.records.get_mut(number).name = Some(name.into());
        }
    }

    pub fn of_contact(&self, contact: &str) -> Option<u32> {
        self.find_contact(contact).map(|number| self.contacts.get(number).account)
    }

    fn find_contact(&self, contact: &str) -> Option<u32> {
        self.by_contact.find(self.hasher.hash_one(contact), |number| &*self.contacts.get(number).id == contact)
    }

    pub fn map_contact(&mut self, contact: &ContactName, account: u32) {
        match self.find_contact(contact) {
            // Most events say what is known already.
            Some(number) if self.contacts.get(number).account == account => {}
            Some(number) => self.contacts.get_mut(number).account = account,
            None => self.create_contact(Contact { id: (&*contact.id).into(), account, mark: contact.kept_mark() }),
        }
    }

    /// Adds a contact that must not be there yet.
    pub fn create_contact(&mut self, contact: Contact) {
        let hash = self.hasher.hash_one(&*contact.id);
        let number = match self.free_contacts.pop() {
            Some(number) => {
                *self.contacts.get_mut(number) = contact;
                number
            }
            None => self.contacts.push(contact),
        };
        let (contacts, hasher) = (&self.contacts, &self.hasher);
        self.by_contact.insert(hash, number, |other| hasher.hash_one(&*contacts.get(other).id));
    }

    /// The mark under which a contact is known.
    pub fn mark_of(&self, contact: &str) -> Option<ContactMark> {
        self.find_contact(contact).map(|number| self.contacts.get(number).mark)
    }

    /// Forgets the contacts with one of these marks (R4.10); answers whether there was one. Looks at all of them.
    pub fn erase_contacts(&mut self, marks: &[ContactMark]) -> bool {
        let marked = |contact: &Contact| !contact.is_free() && marks.contains(&contact.mark);
        let theirs: Vec<u32> =
            (0..).zip(self.contacts.iter()).filter(|(_, contact)| marked(contact)).map(|(number, _)| number).collect();
        for &number in &theirs {
            let (contacts, hasher) = (&self.contacts, &self.hasher);
            let hash_of = |other: u32| hasher.hash_one(&*contacts.get(other).id);
            self.by_contact.remove(hash_of(number), number, hash_of);
            let contact = self.contacts.get_mut(number);
            (contact.id, contact.mark) = ("".into(), ContactMark::default());
            self.free_contacts.push(number);
        }
        !theirs.is_empty()
    }

    /// The marks of all contacts.
    pub fn contact_marks(&self) -> impl Iterator<Item = ContactMark> {
        self.contacts.iter().filter(|contact| !contact.is_free()).map(|contact| contact.mark)
    }

    /// No account is awake any more.
    pub fn all_sleep(&mut self) {
        self.belongings.iter_mut().for_each(|belongings| belongings.awake = false);
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &AccountRecord)> {
        (0..).zip(self.records.iter())
    }

    /// Contacts in the order of their names, with their account's number.
    pub fn contacts_in_order(&self) -> Vec<(&str, u32)> {
        let known = self.contacts.iter().filter(|contact| !contact.is_free());
        let mut contacts: Vec<_> = known.map(|contact| (&*contact.id, contact.account)).collect();
        contacts.sort_unstable();
        contacts
    }

    /// The marks of contacts that are not what they were before marks were keyed, in the order of ids.
    pub fn keyed_in_order(&self) -> Vec<(&str, ContactMark)> {
        let is_keyed = |contact: &&Contact| !contact.is_free() && contact.mark != ContactMark::unkeyed(&contact.id);
        let mut keyed: Vec<_> =
            self.contacts.iter().filter(is_keyed).map(|contact| (&*contact.id, contact.mark)).collect();
        keyed.sort_unstable();
        keyed
    }

    /// Made of records and contacts, without any conversations.
    pub fn restored(records: Vec<AccountRecord>, contacts: Vec<Contact>) -> Self {
        let mut restored = Self::default();
        for record in records {
            restored.create(record);
        }
        let mut free = Vec::new();
        for contact in contacts {
            if contact.is_free() {
                free.push(restored.contacts.push(contact));
            } else {
                restored.create_contact(contact);
            }
        }
        restored.free_contacts = free;
        restored
    }

    /// As they are now (I9).
    pub fn cut_standings(&mut self) -> Chunks<Standing> {
        self.standings.cut()
    }

    pub fn set_belongings(&mut self, belongings: Chunks<Belongings>) {
        self.belongings = belongings;
    }

    /// Takes in a breaker that tripped before: it is active, or was resolved.
    pub fn tripped_before(&mut self, number: u32, breaker: Id, resolved: Option<LastResolve>) {
        self.tripped.entry(number).or_default().happened(breaker, resolved);
    }

    /// Without contacts.
    pub fn cut_records(&mut self) -> Chunks<AccountRecord> {
        self.records.cut()
    }

    /// Records and contacts as they are now (I9).
    pub fn cut(&mut self) -> (Chunks<AccountRecord>, Chunks<Contact>) {
        (self.records.cut(), self.contacts.cut())
    }
}
