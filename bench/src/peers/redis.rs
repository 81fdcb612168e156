//! Redis: a Lua script for each batch, and an append-only file.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ::redis::{Cmd, Connection, ConnectionLike, Value};

use crate::answers::{Health, Statistics, Trip, mean};
use crate::contender::{Client, Contender, Fallible, Rules, Site};
use crate::oracle::WINDOW_SPAN;
use crate::process::{Process, bytes_under, length};
use crate::time::wall;
use crate::workload::{Batch, Fact, account_id, conversation_id};

/// When the append-only file reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Before the answer.
    Always,
    /// Once a second: a power cut loses what was answered since.
    EverySecond,
}

/// A server on an empty directory.
pub struct Redis {
    directory: PathBuf,
    notes: PathBuf,
    fsync: Fsync,
    scripts: Scripts,
    server: Process,
}

/// SHA-1 of the loaded scripts.
#[derive(Clone, Debug, Default)]
struct Scripts {
    ingest: String,
    health: String,
    statistics: String,
    text: [String; 3],
}

impl Redis {
    pub fn start(site: &Site, rules: Rules, fsync: Fsync) -> Fallible<Self> {
        let (directory, notes) = (site.directory.clone(), site.processes.clone());
        let ingest = (rules.fill(include_str!("redis_ingest.lua")))
            .replace(
                "{ADD}",
                match rules.dedupes() {
                    true => "redis.call('HSETNX', w .. ':f', event, fact) == 1",
                    false => "redis.call('HSET', w .. ':f', event, fact) >= 0",
                },
            )
            .replace("{SCORE}", if rules.by_arrival() { "position" } else { "at" });
        let health = rules.fill(include_str!("redis_health.lua"));
        let statistics = include_str!("redis_statistics.lua").to_owned();
        let server = serve(&directory, fsync, &notes)?;
        let scripts = Scripts { text: [ingest, health, statistics], ..Scripts::default() };
        let mut redis = Self { directory, notes, fsync, scripts, server };
        redis.ready()?;
        Ok(redis)
    }

    /// Waits until the file is read, and loads the scripts, which a restart forgets.
    fn ready(&mut self) -> Fallible<()> {
        let directory = self.directory.clone();
        let mut connection = self.server.await_ready(|| {
            let mut connection = open(&directory)?;
            let _pong: String = ::redis::cmd("PING").query(&mut connection)?;
            Ok(connection)
        })?;
        let mut load = |text: &str| -> Fallible<String> {
            Ok(::redis::cmd("SCRIPT").arg("LOAD").arg(text).query(&mut connection)?)
        };
        let [ingest, health, statistics] = &self.scripts.text;
        let (ingest, health, statistics) = (load(ingest)?, load(health)?, load(statistics)?);
        self.scripts = Scripts { ingest, health, statistics, text: self.scripts.text.clone() };
        Ok(())
    }
}

fn open(directory: &Path) -> Fallible<Connection> {
    let url = format!("redis+unix://{}", directory.join("redis.sock").display());
    Ok(::redis::Client::open(url)?.get_connection()?)
}

fn serve(directory: &Path, fsync: Fsync, notes: &Path) -> Fallible<Process> {
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync"]);
    command.arg(match fsync {
        Fsync::Always => "always",
        Fsync::EverySecond => "everysec",
    });
    command.arg("--unixsocket").arg(directory.join("redis.sock")).arg("--dir").arg(directory);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Process::start(&mut command, notes)
}

impl Contender for Redis {
    /// The command as it goes over the wire.
    type Prepared = Vec<u8>;
    type Client = RedisClient;

    fn prepare(&self, batch: &Batch) -> Vec<u8> {
        let mut command = ::redis::cmd("EVALSHA");
        command.arg(&self.scripts.ingest).arg(1).arg(key(batch.workspace));
        for fact in &batch.facts {
            command.arg(fact.event()).arg(packed(batch.workspace, fact));
        }
        command.get_packed_command()
    }

    fn connect(&self) -> Fallible<RedisClient> {
        Ok(RedisClient { connection: open(&self.directory)?, scripts: self.scripts.clone() })
    }

    fn resident(&self) -> u64 {
        self.server.resident()
    }

    fn bytes_on_disk(&self) -> u64 {
        bytes_under(&self.directory, None, length)
    }

    fn crash(&mut self) -> Fallible<()> {
        self.server.kill()
    }

    fn restart(&mut self) -> Fallible<()> {
        self.server = serve(&self.directory, self.fsync, &self.notes)?;
        self.ready()
    }
}

fn key(workspace: usize) -> String {
    format!("w{workspace}")
}

/// All of a fact but its number: time, dimensions, resolved, account, conversation, confidence,
/// signals.
fn packed(workspace: usize, fact: &Fact) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(49);
    bytes.extend_from_slice(&fact.at.to_be_bytes()[2..]);
    fact.dimensions.iter().for_each(|dimension| bytes.extend_from_slice(&dimension.to_be_bytes()));
    bytes.push(u8::from(fact.resolved));
    bytes.extend_from_slice(account_id(fact.account).as_bytes());
    bytes.extend_from_slice(conversation_id(workspace, fact.number).as_bytes());
    bytes.extend_from_slice(&fact.confidence.to_be_bytes());
    bytes.extend_from_slice(&fact.signals.to_be_bytes());
    bytes
}

/// A connection.
pub struct RedisClient {
    connection: Connection,
    scripts: Scripts,
}

impl RedisClient {
    fn numbers(&mut self, command: &Cmd) -> Fallible<Vec<u64>> {
        Ok(command.query(&mut self.connection)?)
    }
}

impl Client for RedisClient {
    type Prepared = Vec<u8>;

    fn ingest(&mut self, batch: &Vec<u8>) -> Fallible<()> {
        match self.connection.req_packed_command(batch)? {
            Value::Int(_) => Ok(()),
            other => Err(format!("a batch was answered {other:?}").into()),
        }
    }

    fn health(&mut self, workspace: usize, account: u32) -> Fallible<Option<Health>> {
        let mut command = ::redis::cmd("EVALSHA");
        command.arg(&self.scripts.health).arg(1).arg(key(workspace));
        command.arg(account_id(account).as_bytes()).arg(wall() - WINDOW_SPAN);
        Ok(match self.numbers(&command)?[..] {
            [count, sum, resolved, consecutive_low] => Some(Health {
                count,
                composite: mean(sum, count),
                resolution_rate: mean(100 * resolved, count),
                consecutive_low,
            }),
            _ => None,
        })
    }

    fn trips(&mut self, workspace: usize) -> Fallible<Vec<Trip>> {
        let command = ::redis::cmd("HGETALL").arg(format!("{}:b", key(workspace))).to_owned();
        let pairs: Vec<(Vec<u8>, u64)> = command.query(&mut self.connection)?;
        let trip = |(account, run): (Vec<u8>, u64)| -> Fallible<Trip> {
            Ok(Trip { account: uuid::Uuid::from_slice(&account)?.as_u128() as u32, run })
        };
        let mut trips = pairs.into_iter().map(trip).collect::<Fallible<Vec<_>>>()?;
        trips.sort();
        Ok(trips)
    }

    fn statistics(&mut self, workspace: usize, from: i64, to: i64) -> Fallible<Statistics> {
        let mut command = ::redis::cmd("EVALSHA");
        command.arg(&self.scripts.statistics).arg(1).arg(key(workspace)).arg(from).arg(to);
        let sums = self.numbers(&command)?;
        let [count, composite, outcome, process, environment, resolved] = sums[..] else {
            return Err(format!("statistics were answered {sums:?}").into());
        };
        Ok(Statistics {
            count,
            composite: mean(composite, count),
            dimensions: [outcome, process, environment].map(|sum| mean(sum, count)),
            resolution_rate: mean(100 * resolved, count),
        })
    }
}
