//! One client: what it does next, what it was answered, and what it does not know.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use super::batch::{self, Batch};
use crate::support::http::{Client, Reply};
use crate::support::process::Home;
use crate::support::random::Random;

/// What a client has been told.
#[derive(Clone, Debug)]
pub struct Worker {
    pub seed: u64,
    pub client: u64,
    pub account: String,
    random: Random,
    /// Batches below this one are answered.
    pub answered: u64,
    /// Of those, how many a check has already looked at.
    pub checked: u64,
    /// Conversations scored by the answered batches.
    pub scored: u64,
    /// The request that was sent and not answered.
    pub pending: Option<Pending>,
    /// By id, as last told.
    pub breakers: BTreeMap<String, Value>,
    /// `(epoch, ETag)` as last told.
    pub gate: (u64, String),
    /// How often the configuration was changed; see [`patch`].
    pub patches: u64,
}

/// A request without an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Pending {
    Batch,
    Acknowledge(String),
    Resolve(String),
    Patch,
}

/// Why a client stopped.
#[derive(Debug)]
pub enum End {
    /// It was told to.
    Stopped,
    /// The server is not there any more.
    Gone(String),
    /// An answer that must not be.
    Wrong(String),
}

/// Change `number` of the configuration: two members that belong together.
pub fn patch(number: u64) -> Value {
    json!({"linkExpiryDays": 1 + number % 90, "followUpDelayMinutes": number % 10_081})
}

impl Worker {
    pub fn new(seed: u64, client: u64) -> Self {
        Self {
            seed,
            client,
            account: batch::account(seed, client),
            random: Random::of(seed, &[client]),
            answered: 0,
            checked: 0,
            scored: 0,
            pending: None,
            breakers: BTreeMap::new(),
            gate: (0, String::new()),
            patches: 0,
        }
    }

    /// Writes until told to stop, or until the server is gone.
    pub fn run(&mut self, home: &Home, address: SocketAddr, stop: &AtomicBool, answered: &Sender<()>) -> End {
        let mut http = Client::new(address, &home.key);
        while !stop.load(Ordering::SeqCst) {
            if let Err(end) = self.step(home, &mut http) {
                return end;
            }
            // Nobody counts any more once the test goes on.
            let _ = answered.send(());
        }
        End::Stopped
    }

    /// Posts the batch that is due, with nobody else writing: nothing is answered after it.
    #[cfg(feature = "faults")]
    pub fn last_word(&mut self, home: &Home, address: SocketAddr) {
        let mut http = Client::new(address, &home.key);
        if let Err(End::Gone(what) | End::Wrong(what)) = self.post(home, &mut http) {
            panic!("{what}");
        }
    }

    fn step(&mut self, home: &Home, http: &mut Client) -> Result<(), End> {
        match self.random.below(100) {
            0..75 => self.post(home, http),
            75..93 => self.look_after_breakers(home, http),
            93..97 => self.ask_gate(home, http),
            _ if self.client == 0 => self.patch(home, http),
            _ => self.ask_gate(home, http),
        }
    }

    fn post(&mut self, home: &Home, http: &mut Client) -> Result<(), End> {
        let batch = Batch::new(self.seed, self.client, self.answered);
        let body = Value::from(batch.events.clone());
        self.pending = Some(Pending::Batch);
        let reply = self.send(http, "POST", &home.at("events"), Some(&body))?;
        if reply != json!({"accepted": batch.events.len(), "duplicates": 0, "rejected": []}) {
            return Err(self.wrong(format!("batch {} was answered {reply}", self.answered)));
        }
        self.batch_is_in(&batch);
        Ok(())
    }

    /// The batch that was due is in.
    pub fn batch_is_in(&mut self, batch: &Batch) {
        self.pending = None;
        self.answered += 1;
        self.scored += batch.scored.len() as u64;
    }

    /// The batch that is due.
    pub fn due(&self) -> Batch {
        Batch::new(self.seed, self.client, self.answered)
    }

    /// Whether a breaker is this client's to handle: its account's; the workspace's go to the first.
    pub fn owns(&self, breaker: &Value) -> bool {
        match breaker["scopeKey"].as_str().unwrap().strip_prefix("account:acc_") {
            Some(account) => account == self.account,
            None => self.client == 0,
        }
    }

    fn look_after_breakers(&mut self, home: &Home, http: &mut Client) -> Result<(), End> {
        let list = self.send(http, "GET", &home.at("quality/circuit-breakers"), None)?;
        for breaker in list["items"].as_array().unwrap() {
            if self.owns(breaker) {
                self.breakers.insert(id_of(breaker), breaker.clone());
            }
        }
        let open: Vec<_> = self.breakers.values().filter(|breaker| breaker["resolvedAt"].is_null()).collect();
        let Some(breaker) = open.first().map(|breaker| (*breaker).clone()) else { return Ok(()) };
        let id = id_of(&breaker);
        let (verb, pending) = if breaker["acknowledgedAt"].is_null() {
            ("acknowledge", Pending::Acknowledge(id.clone()))
        } else {
            ("resolve", Pending::Resolve(id.clone()))
        };
        self.pending = Some(pending);
        let path = home.at(&format!("quality/circuit-breakers/{id}/{verb}"));
        let after = self.send(http, "POST", &path, Some(&json!({"note": format!("client {}", self.client)})))?;
        self.pending = None;
        self.breakers.insert(id, after);
        Ok(())
    }

    fn ask_gate(&mut self, home: &Home, http: &mut Client) -> Result<(), End> {
        let path = home.at(&format!("quality/gate?accountId={}", self.account));
        let reply = http.send("GET", &path, None).map_err(|error| End::Gone(error.to_string()))?;
        let gate = (reply.body["epoch"].as_u64().unwrap(), reply.etag.unwrap());
        if gate.0 < self.gate.0 {
            return Err(self.wrong(format!("the epoch fell from {:?} to {gate:?}", self.gate)));
        }
        self.gate = gate;
        Ok(())
    }

    fn patch(&mut self, home: &Home, http: &mut Client) -> Result<(), End> {
        self.pending = Some(Pending::Patch);
        self.send(http, "PATCH", &home.at("csat-config"), Some(&patch(self.patches + 1)))?;
        self.pending = None;
        self.patches += 1;
        Ok(())
    }

    fn send(&self, http: &mut Client, method: &str, path: &str, body: Option<&Value>) -> Result<Value, End> {
        let Reply { status, body, .. } =
            http.send(method, path, body).map_err(|error| End::Gone(format!("{method} {path}: {error}")))?;
        match status {
            200 | 202 => Ok(body),
            503 if body["code"] == "shutting_down" => Err(End::Gone(body.to_string())),
            _ => Err(self.wrong(format!("{method} {path} was answered {status} {body}"))),
        }
    }

    fn wrong(&self, what: String) -> End {
        End::Wrong(format!("seed {}, client {}: {what}", self.seed, self.client))
    }
}

pub fn id_of(breaker: &Value) -> String {
    breaker["id"].as_str().unwrap().to_owned()
}
