//! What the clients were told, held against what the server says after a restart.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::batch::Batch;
use super::worker::{Pending, Worker, id_of, patch};
use crate::support::answers::{self, Answers};
use crate::support::http::Client;
use crate::support::process::{Home, Server};
use crate::support::random::Random;

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is missing or changed; empty when every promise was kept.
    pub complaints: Vec<String>,
    /// Requests that had no answer, and how many of them the server had kept.
    pub unanswered: usize,
    pub kept: usize,
}

/// Looks at everything since the last check, and at some of what is older.
pub fn check(workers: &mut [Worker], home: &Home, server: &Server) -> Checked {
    Check::new(workers, home, server, false).run()
}

/// Looks at everything.
pub fn check_everything(workers: &mut [Worker], home: &Home, server: &Server) -> Checked {
    Check::new(workers, home, server, true).run()
}

/// All answers about what the clients have written.
pub fn answers(workers: &[Worker], home: &Home, server: &Server) -> Answers {
    let accounts: Vec<_> = workers.iter().map(|worker| worker.account.clone()).collect();
    let conversations = workers.iter().flat_map(|worker| {
        let last = worker.answered.saturating_sub(2);
        [0, last, last + 1].into_iter().flat_map(|number| Batch::new(worker.seed, worker.client, number).scored)
    });
    answers::ask(home, &mut server.client(), &accounts, &conversations.collect::<Vec<_>>(), &[])
}

/// Older batches and breakers that every check looks at again, per client.
const SAMPLE: usize = 3;

struct Check<'a> {
    workers: &'a mut [Worker],
    home: &'a Home,
    http: Client,
    full: bool,
    random: Random,
    found: Checked,
}

impl<'a> Check<'a> {
    fn new(workers: &'a mut [Worker], home: &'a Home, server: &Server, full: bool) -> Self {
        let parts: Vec<_> = workers.iter().map(|worker| worker.answered).collect();
        let random = Random::of(workers[0].seed, &parts);
        Self { workers, home, http: server.client(), full, random, found: Checked::default() }
    }

    fn run(mut self) -> Checked {
        let answered: u64 = self.workers.iter().map(|worker| worker.scored).sum();
        let batches = self.workers.iter().filter(|worker| worker.pending == Some(Pending::Batch));
        let unanswered: u64 = batches.map(|worker| worker.due().scored.len() as u64).sum();
        let scored = self.stats()["conversationsScored"].as_u64().unwrap();
        if !(answered..=answered + unanswered).contains(&scored) {
            self.complain(format!("{scored} conversations are scored, of {answered} and {unanswered} unanswered"));
        }
        for index in 0..self.workers.len() {
            self.answered_batches(index);
            self.imports(index);
            self.unanswered(index);
        }
        let answered: u64 = self.workers.iter().map(|worker| worker.scored).sum();
        let scored = self.stats()["conversationsScored"].as_u64().unwrap();
        if scored != answered {
            self.complain(format!("{scored} conversations are scored where {answered} were sent"));
        }
        self.configuration();
        self.breakers();
        self.gate();
        self.found
    }

    fn complain(&mut self, what: String) {
        self.found.complaints.push(what);
    }

    fn stats(&mut self) -> Value {
        self.http.get(&self.home.at("quality/stats?from=2000-01-01&to=2099-12-31")).expect(200)
    }

    /// Every answered event is there: sent again, it is a duplicate.
    fn answered_batches(&mut self, index: usize) {
        let Worker { seed, client, answered, checked, .. } = self.workers[index];
        let older = if self.full { checked } else { checked.min(SAMPLE as u64) };
        let older = (0..older).map(|n| if self.full { n } else { self.random.below(checked) }).collect::<Vec<_>>();
        for number in older.into_iter().chain(checked..answered) {
            let batch = Batch::new(seed, client, number);
            let count = batch.events.len();
            let reply = self.http.post(&self.home.at("events"), &batch.events.into());
            if reply.body != json!({"accepted": 0, "duplicates": count, "rejected": []}) {
                self.complain(format!("client {client}: of batch {number}, {count} events: {}", reply.body));
            }
        }
        self.workers[index].checked = answered;
    }

    /// The scores of some answered imports are those that were sent.
    fn imports(&mut self, index: usize) {
        let Worker { seed, client, answered, .. } = self.workers[index];
        for _ in 0..if answered == 0 { 0 } else { SAMPLE } {
            let number = self.random.below(answered);
            for (conversation, composite) in Batch::new(seed, client, number).imports {
                let reply = self.http.get(&format!("/api/conversations/{conversation}/quality"));
                let found = reply.body["compositeScore"].as_f64().map(|score| (score * 100.0).round() as u64);
                if found != Some(composite) {
                    self.complain(format!("client {client}: {conversation} of batch {number}: {}", reply.body));
                }
            }
        }
    }

    /// What had no answer is there as a whole or not at all, and is done now.
    fn unanswered(&mut self, index: usize) {
        let client = self.workers[index].client;
        let Some(pending) = self.workers[index].pending.take() else { return };
        self.found.unanswered += 1;
        match pending {
            Pending::Batch => {
                let batch = self.workers[index].due();
                let count = batch.events.len();
                let reply = self.http.post(&self.home.at("events"), &batch.events.clone().into());
                let answer =
                    |accepted, duplicates| json!({"accepted": accepted, "duplicates": duplicates, "rejected": []});
                if reply.body == answer(0, count) {
                    self.found.kept += 1;
                } else if reply.body != answer(count, 0) {
                    self.complain(format!("client {client}: half of a request of {count} is there: {}", reply.body));
                }
                self.workers[index].batch_is_in(&batch);
            }
            Pending::Acknowledge(id) => self.command(index, &id, "acknowledge"),
            Pending::Resolve(id) => self.command(index, &id, "resolve"),
            // The configuration shows it.
            Pending::Patch => self.workers[index].pending = Some(Pending::Patch),
        }
    }

    fn command(&mut self, index: usize, id: &str, verb: &str) {
        let reply = self.http.post(&self.home.at(&format!("quality/circuit-breakers/{id}/{verb}")), &json!({}));
        let known = self.workers[index].breakers[id].clone();
        let mut fixed = vec!["id", "scopeKey", "reason", "triggeredAt"];
        if verb == "resolve" {
            fixed.extend(["acknowledgedBy", "acknowledgedAt"]);
        }
        if reply.status != 200 || fixed.iter().any(|member| reply.body[member] != known[member]) {
            return self.complain(format!("breaker {known}, sent {verb} again: {} {}", reply.status, reply.body));
        }
        self.workers[index].breakers.insert(id.to_owned(), reply.body);
    }

    fn configuration(&mut self) {
        let config = self.http.get(&self.home.at("csat-config")).expect(200);
        let writer = &mut self.workers[0];
        let shows = |number: u64| {
            let expected =
                if number == 0 { json!({"linkExpiryDays": 14, "followUpDelayMinutes": 60}) } else { patch(number) };
            expected.as_object().unwrap().iter().all(|(member, value)| config[member] == *value)
        };
        let unanswered = writer.pending.take_if(|pending| *pending == Pending::Patch).is_some();
        if unanswered && shows(writer.patches + 1) {
            writer.patches += 1;
            self.found.kept += 1;
        } else if !shows(writer.patches) {
            let patches = writer.patches;
            self.complain(format!("after change {patches} the configuration is {config}"));
        }
    }

    /// Every breaker is as it was told, and none is there twice or unheard of.
    fn breakers(&mut self) {
        let list = self.http.get(&self.home.at("quality/circuit-breakers")).expect(200);
        let active: BTreeMap<_, _> =
            list["items"].as_array().unwrap().iter().map(|breaker| (id_of(breaker), breaker.clone())).collect();
        for index in 0..self.workers.len() {
            let known = self.workers[index].breakers.clone();
            let (resolved, open): (Vec<_>, Vec<_>) =
                known.into_iter().partition(|(_, breaker)| !breaker["resolvedAt"].is_null());
            for (id, breaker) in open {
                if active.get(&id) != Some(&breaker) {
                    self.complain(format!("breaker {breaker} is now {:?}", active.get(&id)));
                }
            }
            let skipped = if self.full { 0 } else { resolved.len().saturating_sub(SAMPLE) };
            for (id, breaker) in resolved.into_iter().skip(skipped) {
                let reply =
                    self.http.post(&self.home.at(&format!("quality/circuit-breakers/{id}/resolve")), &json!({}));
                if reply.body != breaker || active.contains_key(&id) {
                    self.complain(format!("breaker {breaker}, resolved again: {}", reply.body));
                }
            }
        }
        for (id, breaker) in active {
            if let Some(owner) = self.workers.iter_mut().find(|worker| worker.owns(&breaker)) {
                owner.breakers.insert(id, breaker);
            } else {
                self.complain(format!("nobody's breaker {breaker}"));
            }
        }
    }

    /// Triggers, first acknowledgements and first resolves make the epoch: each counted once.
    fn gate(&mut self) {
        let known = self.workers.iter().flat_map(|worker| worker.breakers.values());
        let (mut breakers, mut steps) = (0_u64, 0_u64);
        for breaker in known {
            breakers += 1;
            steps += ["acknowledgedAt", "resolvedAt"].iter().filter(|at| !breaker[**at].is_null()).count() as u64;
        }
        let triggered = self.stats()["circuitBreakersTriggered"].as_u64().unwrap();
        let gate = self.http.get(&self.home.at("quality/gate"));
        let (epoch, etag) = (gate.body["epoch"].as_u64().unwrap(), gate.etag.unwrap());
        if triggered != breakers || epoch != breakers + steps {
            self.complain(format!("{breakers} breakers with {steps} steps; triggered {triggered}, epoch {epoch}"));
        }
        let incarnation = |etag: &str| etag.rsplit_once('-').map(|(incarnation, _)| incarnation.to_owned());
        for index in 0..self.workers.len() {
            let (told, tag) = self.workers[index].gate.clone();
            if told > epoch || (!tag.is_empty() && incarnation(&tag) != incarnation(&etag)) {
                self.complain(format!("the gate was at {tag}, and is at {etag}"));
            }
        }
    }
}
