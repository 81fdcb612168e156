//! PostgreSQL: facts in one table, a PL/pgSQL function for each batch, synchronous commit.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ::postgres::{Client as Connection, Config, NoTls, Statement};
use uuid::Uuid;

use crate::answers::{Health, Statistics, Trip};
use crate::contender::{Client, Contender, Fallible, Rules, Site};
use crate::oracle::WINDOW_SPAN;
use crate::process::{Process, as_user, bytes_under, length, user_if_root};
use crate::time::wall;
use crate::workload::{Batch, account_id, conversation_id};

const SCHEMA: &str = include_str!("postgres.sql");
/// What a careful operator would set on a small machine, and nothing that weakens a promise.
const SETTINGS: [&str; 9] = [
    "synchronous_commit=on",
    "shared_buffers=1GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=15min",
    "wal_buffers=16MB",
    "effective_cache_size=4GB",
    "jit=off",
    "listen_addresses=",
    "log_min_messages=error",
];
/// Without them the planner sometimes reads a whole table that was small when it looked.
const INDEXES_ONLY: &str = "-c enable_seqscan=off -c enable_bitmapscan=off";

/// A server on a fresh data directory.
pub struct Postgres {
    directory: PathBuf,
    notes: PathBuf,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    indexes_only: bool,
    server: Process,
}

impl Postgres {
    /// `indexes_only` tells the planner to use indexes alone.
    pub fn start(site: &Site, rules: Rules, indexes_only: bool) -> Fallible<Self> {
        let (programs, user) = (programs()?, user_if_root("postgres")?);
        let directory = site.directory.join("pg");
        std::fs::create_dir(&directory)?;
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(&directory, Some(uid), Some(gid))?;
        }
        let mut initdb = Command::new(programs.join("initdb"));
        initdb
            .args(["--no-sync", "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C", "-D"])
            .arg(directory.join("data"));
        let made = as_user(&mut initdb, user).current_dir(&directory).output()?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        let notes = site.processes.clone();
        let server = serve(&programs, &directory, user, &notes)?;
        let mut postgres = Self { directory, notes, programs, user, indexes_only, server };
        let mut connection = postgres.ready()?;
        connection.batch_execute(&schema(rules))?;
        for workspace in 0..site.workspaces as i32 {
            connection.execute("INSERT INTO workspaces VALUES ($1)", &[&workspace])?;
        }
        Ok(postgres)
    }

    fn ready(&mut self) -> Fallible<Connection> {
        let config = self.config();
        self.server.await_ready(|| Ok(config.connect(NoTls)?))
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.host_path(&self.directory).user("bench").dbname("postgres");
        if self.indexes_only {
            config.options(INDEXES_ONLY);
        }
        config
    }
}

fn schema(rules: Rules) -> String {
    let order = if rules.by_arrival() { "position DESC" } else { "scored_at DESC, position DESC" };
    let (unique, conflict) = match rules.dedupes() {
        true => ("CREATE UNIQUE INDEX facts_by_event ON facts (workspace, event);", "ON CONFLICT DO NOTHING"),
        false => ("", ""),
    };
    rules.fill(SCHEMA).replace("{ORDER}", order).replace("{UNIQUE}", unique).replace("{ON_CONFLICT}", conflict)
}

/// The newest installed; Debian keeps them out of the path.
fn programs() -> Fallible<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")?.flatten().map(|entry| entry.path()).collect();
    found.sort();
    found.reverse();
    let found = found.into_iter().map(|path| path.join("bin")).find(|path| path.join("initdb").exists());
    found.ok_or_else(|| "PostgreSQL's initdb is not installed".into())
}

fn serve(programs: &Path, directory: &Path, user: Option<(u32, u32)>, notes: &Path) -> Fallible<Process> {
    let mut command = Command::new(programs.join("postgres"));
    command.arg("-D").arg(directory.join("data")).arg("-k").arg(directory);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Process::start(as_user(&mut command, user), notes)
}

impl Contender for Postgres {
    type Prepared = Columns;
    type Client = PostgresClient;

    fn prepare(&self, batch: &Batch) -> Columns {
        Columns::of(batch)
    }

    fn connect(&self) -> Fallible<PostgresClient> {
        PostgresClient::new(self.config().connect(NoTls)?)
    }

    fn resident(&self) -> u64 {
        self.server.resident()
    }

    /// Without the log, whose segments are kept for reuse.
    fn bytes_on_disk(&self) -> u64 {
        bytes_under(&self.directory, Some("pg_wal"), length)
    }

    fn crash(&mut self) -> Fallible<()> {
        self.server.kill()
    }

    fn restart(&mut self) -> Fallible<()> {
        self.server = serve(&self.programs, &self.directory, self.user, &self.notes)?;
        self.ready().map(drop)
    }
}

/// A batch as arrays.
#[derive(Debug, Default)]
pub struct Columns {
    workspace: i32,
    events: Vec<String>,
    accounts: Vec<Uuid>,
    conversations: Vec<Uuid>,
    times: Vec<i64>,
    dimensions: [Vec<i16>; 3],
    confidence: Vec<i16>,
    signals: Vec<i16>,
    resolved: Vec<bool>,
}

impl Columns {
    fn of(batch: &Batch) -> Self {
        let mut columns = Self { workspace: batch.workspace as i32, ..Self::default() };
        for fact in &batch.facts {
            columns.events.push(fact.event());
            columns.accounts.push(account_id(fact.account));
            columns.conversations.push(conversation_id(batch.workspace, fact.number));
            columns.times.push(fact.at);
            for (column, dimension) in columns.dimensions.iter_mut().zip(fact.dimensions) {
                column.push(dimension as i16);
            }
            columns.confidence.push(fact.confidence as i16);
            columns.signals.push(fact.signals as i16);
            columns.resolved.push(fact.resolved);
        }
        columns
    }
}

/// A session with its prepared statements.
pub struct PostgresClient {
    connection: Connection,
    ingest: Statement,
    health: Statement,
    statistics: Statement,
}

impl PostgresClient {
    fn new(mut connection: Connection) -> Fallible<Self> {
        Ok(Self {
            ingest: connection.prepare("SELECT ingest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")?,
            health: connection.prepare("SELECT n, composite, rate, low FROM health($1, $2, $3)")?,
            statistics: connection.prepare("SELECT n, c, o, p, e, rate FROM statistics($1, $2, $3)")?,
            connection,
        })
    }
}

impl Client for PostgresClient {
    type Prepared = Columns;

    fn ingest(&mut self, batch: &Columns) -> Fallible<()> {
        let Columns { workspace, events, accounts, conversations, times, dimensions, .. } = batch;
        let [outcome, process, environment] = dimensions;
        let (confidence, signals, resolved) = (&batch.confidence, &batch.signals, &batch.resolved);
        self.connection.query_one(
            &self.ingest,
            &[
                workspace,
                events,
                accounts,
                conversations,
                times,
                outcome,
                process,
                environment,
                confidence,
                signals,
                resolved,
            ],
        )?;
        Ok(())
    }

    fn health(&mut self, workspace: usize, account: u32) -> Fallible<Option<Health>> {
        let oldest = wall() - WINDOW_SPAN;
        let row = self.connection.query_opt(&self.health, &[&(workspace as i32), &account_id(account), &oldest])?;
        Ok(row.map(|row| Health {
            count: row.get::<_, i64>(0) as u64,
            composite: row.get::<_, Option<i64>>(1).map(|value| value as u64),
            resolution_rate: row.get::<_, Option<i64>>(2).map(|value| value as u64),
            consecutive_low: row.get::<_, i64>(3) as u64,
        }))
    }

    fn trips(&mut self, workspace: usize) -> Fallible<Vec<Trip>> {
        let question = "SELECT account, run FROM breakers WHERE workspace = $1 ORDER BY account";
        let rows = self.connection.query(question, &[&(workspace as i32)])?;
        let trip = |row: &::postgres::Row| Trip {
            account: row.get::<_, Uuid>(0).as_u128() as u32,
            run: row.get::<_, i32>(1) as u64,
        };
        Ok(rows.iter().map(trip).collect())
    }

    fn statistics(&mut self, workspace: usize, from: i64, to: i64) -> Fallible<Statistics> {
        let row = self.connection.query_one(&self.statistics, &[&(workspace as i32), &from, &to])?;
        let value = |column: usize| row.get::<_, Option<i64>>(column).map(|value| value as u64);
        Ok(Statistics {
            count: row.get::<_, i64>(0) as u64,
            composite: value(1),
            dimensions: [value(2), value(3), value(4)],
            resolution_rate: value(5),
        })
    }
}
