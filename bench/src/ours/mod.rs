//! Tripswitch over HTTP.

mod body;
mod http;
mod server;

use std::net::SocketAddr;

use serde_json::Value;

use crate::answers::{Health, Statistics, Trip};
use crate::contender::{Client, Contender, Fallible, Rules, Site};
use crate::time::rfc3339;
use crate::workload::conversations::{Event, Talk};
use crate::workload::{Batch, account_id, workspace_id};
use http::{Http, request};
use server::Server;

/// A server with its workspaces.
pub struct Ours(Server);

impl Ours {
    /// Of the broken rules it can be told those that are configuration.
    pub fn start(site: &Site, rules: Rules) -> Fallible<Self> {
        Self::start_with(site, rules, Vec::new())
    }

    /// With these variables of the environment.
    pub fn start_with(site: &Site, rules: Rules, variables: Vec<(&'static str, String)>) -> Fallible<Self> {
        Server::start(site, rules, variables).map(Self)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Of the workspaces.
    pub fn key(&self) -> &str {
        self.0.key()
    }

    /// A server key.
    pub fn admin(&self) -> &str {
        self.0.admin()
    }

    /// Makes a tenant with this one workspace; its key.
    pub fn tenant(&self, name: &str, workspace: usize) -> Fallible<String> {
        self.0.tenant(name, workspace)
    }

    /// A client with this key.
    pub fn client_of(&self, key: &str) -> Fallible<OurClient> {
        OurClient::new(self.0.address(), key)
    }

    /// A batch's facts for another workspace, sent with another key.
    pub fn prepare_for(&self, key: &str, workspace: usize, batch: &Batch) -> Vec<u8> {
        let batch = Batch { workspace, ..batch.clone() };
        post(key, workspace, &body::of_facts(&batch))
    }

    /// Requests of `count` events each, every one for one workspace.
    pub fn prepare_many(&self, talk: Talk, count: usize) -> Vec<Vec<u8>> {
        let mut waiting: Vec<Vec<Event>> = Vec::new();
        let mut requests = Vec::new();
        for (workspace, events) in talk {
            if waiting.len() <= workspace {
                waiting.resize_with(workspace + 1, Vec::new);
            }
            waiting[workspace].extend(events);
            if waiting[workspace].len() >= count {
                let events: Vec<_> = waiting[workspace].drain(..count).collect();
                requests.push(self.prepare_events(workspace, &events));
            }
        }
        requests
    }

    /// A request of message-level events.
    pub fn prepare_events(&self, workspace: usize, events: &[Event]) -> Vec<u8> {
        post(self.0.key(), workspace, &body::of_events(events))
    }
}

fn post(key: &str, workspace: usize, body: &str) -> Vec<u8> {
    let path = format!("/api/workspaces/{}/events", workspace_id(workspace));
    request("POST", &path, key, body.as_bytes())
}

impl Ours {
    /// The most memory that the server ever had.
    pub fn peak(&self) -> u64 {
        self.0.peak()
    }

    /// Takes a snapshot: what the server says of it.
    pub fn snapshot(&self) -> Fallible<Value> {
        self.0.snapshot()
    }
}

impl Contender for Ours {
    /// The whole request.
    type Prepared = Vec<u8>;
    type Client = OurClient;

    fn prepare(&self, batch: &Batch) -> Vec<u8> {
        post(self.0.key(), batch.workspace, &body::of_facts(batch))
    }

    fn connect(&self) -> Fallible<OurClient> {
        OurClient::new(self.0.address(), self.0.key())
    }

    fn resident(&self) -> u64 {
        self.0.resident()
    }

    fn bytes_on_disk(&self) -> u64 {
        self.0.bytes_on_disk()
    }

    fn crash(&mut self) -> Fallible<()> {
        self.0.kill()
    }

    fn restart(&mut self) -> Fallible<()> {
        self.0.restart()
    }
}

/// A connection with its key.
pub struct OurClient {
    http: Http,
    key: String,
}

impl OurClient {
    fn new(address: SocketAddr, key: &str) -> Fallible<Self> {
        Ok(Self { http: Http::connect(address)?, key: key.to_owned() })
    }

    /// Whether a batch was taken; otherwise there was too much.
    pub fn flood(&mut self, batch: &[u8]) -> Fallible<bool> {
        match self.http.exchange(batch)? {
            202 => Ok(true),
            429 | 503 => Ok(false),
            status => Err(format!("a batch: {status} {}", String::from_utf8_lossy(self.http.body())).into()),
        }
    }

    /// Any request; the status and the answer.
    pub fn exchange(&mut self, method: &str, path: &str, body: &str) -> Fallible<(u16, Value)> {
        let status = self.http.exchange(&request(method, path, &self.key, body.as_bytes()))?;
        Ok((status, serde_json::from_slice(self.http.body())?))
    }

    /// The status, which must be 200 or 404.
    fn ask(&mut self, path: &str) -> Fallible<u16> {
        let status = self.http.exchange(&request("GET", path, &self.key, b""))?;
        match status {
            200 | 404 => Ok(status),
            _ => Err(format!("{path}: {status} {}", String::from_utf8_lossy(self.http.body())).into()),
        }
    }

    fn get(&mut self, path: &str) -> Fallible<Option<Value>> {
        Ok(match self.ask(path)? {
            200 => Some(serde_json::from_slice(self.http.body())?),
            _ => None,
        })
    }
}

impl Client for OurClient {
    type Prepared = Vec<u8>;

    /// 202 says that none was rejected.
    fn ingest(&mut self, batch: &Vec<u8>) -> Fallible<()> {
        match self.http.exchange(batch)? {
            202 => Ok(()),
            status => Err(format!("a batch: {status} {}", String::from_utf8_lossy(self.http.body())).into()),
        }
    }

    fn health(&mut self, workspace: usize, account: u32) -> Fallible<Option<Health>> {
        let answer = self.get(&health_path(workspace, account))?;
        let health = |answer: Value| -> Fallible<Health> {
            Ok(Health {
                count: whole(&answer, "conversationCount")?,
                composite: hundredths(&answer, "rollingComposite"),
                resolution_rate: hundredths(&answer, "resolutionRate"),
                consecutive_low: whole(&answer, "consecutiveLow")?,
            })
        };
        answer.map(health).transpose()
    }

    fn trips(&mut self, workspace: usize) -> Fallible<Vec<Trip>> {
        let path = format!("/api/workspaces/{}/quality/circuit-breakers", workspace_id(workspace));
        let answer = self.get(&path)?.ok_or("the workspace is unknown")?;
        let items = answer["items"].as_array().ok_or("no items")?;
        let mut trips = items.iter().filter_map(|item| trip(item).transpose()).collect::<Fallible<Vec<_>>>()?;
        trips.sort();
        Ok(trips)
    }

    fn statistics(&mut self, workspace: usize, from: i64, to: i64) -> Fallible<Statistics> {
        let answer = self.get(&statistics_path(workspace, from, to))?.ok_or("the workspace is unknown")?;
        let mean = |name| hundredths(&answer, name);
        Ok(Statistics {
            count: whole(&answer, "conversationsScored")?,
            composite: mean("averageComposite"),
            dimensions: [mean("averageOutcome"), mean("averageProcess"), mean("averageEnvironment")],
            resolution_rate: mean("resolutionRate"),
        })
    }

    fn ask_health(&mut self, workspace: usize, account: u32) -> Fallible<()> {
        self.ask(&health_path(workspace, account)).map(drop)
    }

    fn ask_statistics(&mut self, workspace: usize, from: i64, to: i64) -> Fallible<()> {
        self.ask(&statistics_path(workspace, from, to)).map(drop)
    }

    fn ask_gate(&mut self, workspace: usize, account: u32) -> Fallible<bool> {
        let (workspace, account) = (workspace_id(workspace), account_id(account));
        self.ask(&format!("/api/workspaces/{workspace}/quality/gate?accountId={account}"))?;
        Ok(true)
    }
}

fn health_path(workspace: usize, account: u32) -> String {
    format!("/api/accounts/{}/quality?workspaceId={}", account_id(account), workspace_id(workspace))
}

fn statistics_path(workspace: usize, from: i64, to: i64) -> String {
    let (from, to) = (rfc3339(from), rfc3339(to));
    format!("/api/workspaces/{}/quality/stats?from={from}&to={to}", workspace_id(workspace))
}

/// An account's breaker; a workspace's own is no trip that is compared.
fn trip(item: &Value) -> Fallible<Option<Trip>> {
    let scope = item["scopeKey"].as_str().ok_or("no scopeKey")?;
    let Some(account) = scope.strip_prefix("account:acc_") else { return Ok(None) };
    let reason = item["reason"].as_str().ok_or("no reason")?;
    let run = reason.split(' ').next().unwrap_or_default().parse()?;
    Ok(Some(Trip { account: account.parse::<uuid::Uuid>()?.as_u128() as u32, run }))
}

fn whole(answer: &Value, name: &str) -> Fallible<u64> {
    Ok(answer[name].as_u64().ok_or_else(|| format!("{name} is missing in {answer}"))?)
}

/// A number of at most two decimals.
fn hundredths(answer: &Value, name: &str) -> Option<u64> {
    answer[name].as_f64().map(|value| (value * 100.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trip_is_read_from_scope_and_reason() {
        let item = |scope: &str| {
            serde_json::json!({
                "scopeKey": scope,
                "reason": "4 consecutive conversations scored below composite threshold (3.0) for account x",
            })
        };
        let account = format!("account:acc_{}", account_id(77));
        assert_eq!(trip(&item(&account)).unwrap(), Some(Trip { account: 77, run: 4 }));
        assert_eq!(trip(&item("workspace:ws_x")).unwrap(), None);
        assert!(trip(&serde_json::json!({})).is_err());
    }

    #[test]
    fn hundredths_are_read_whole() {
        let answer = serde_json::json!({"a": 4.35, "b": null, "c": 4});
        assert_eq!(["a", "b", "c"].map(|name| hundredths(&answer, name)), [Some(435), None, Some(400)]);
    }
}
