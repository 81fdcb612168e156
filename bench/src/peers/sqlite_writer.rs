//! The one thread that writes: all batches that wait share a transaction, and so one sync.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use rusqlite::{CachedStatement, Connection, params};

use crate::contender::{Fallible, Rules};
use crate::oracle::{RUN_HORIZON, RUN_SPAN, RUN_THAT_TRIPS};
use crate::time::wall;
use crate::workload::{Fact, account_id, conversation_id};

/// Batches that share a transaction at most.
const GROUP: usize = 64;

/// A fact as its row.
#[derive(Clone, Debug)]
pub struct Row {
    workspace: i64,
    event: String,
    account: [u8; 16],
    conversation: [u8; 16],
    at: i64,
    dimensions: [u16; 3],
    composite: u16,
    confidence: u16,
    signals: u16,
    resolved: bool,
}

pub fn row(workspace: usize, fact: &Fact) -> Row {
    Row {
        workspace: workspace as i64,
        event: fact.event(),
        account: account_id(fact.account).into_bytes(),
        conversation: conversation_id(workspace, fact.number).into_bytes(),
        at: fact.at,
        dimensions: fact.dimensions,
        composite: fact.composite(),
        confidence: fact.confidence,
        signals: fact.signals,
        resolved: fact.resolved,
    }
}

/// A batch that waits for its answer.
pub struct Job {
    pub rows: Arc<[Row]>,
    pub done: mpsc::Sender<Result<(), String>>,
}

/// Ends when it is dropped and all senders are.
pub struct Writer {
    sender: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub fn start(connection: Connection, rules: Rules) -> Fallible<Self> {
        let (sender, jobs) = mpsc::channel();
        let thread = std::thread::Builder::new().name("sqlite-writer".to_owned());
        let thread = thread.spawn(move || write_all(&connection, rules, &jobs))?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    pub fn sender(&self) -> mpsc::Sender<Job> {
        self.sender.clone().expect("it is there until the drop")
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn write_all(connection: &Connection, rules: Rules, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter().take(GROUP - 1));
        let outcome = write(connection, rules, &group).map_err(|error| error.to_string());
        if outcome.is_err() {
            connection.execute_batch("ROLLBACK").ok();
        }
        for job in group {
            // Who asked may have gone.
            job.done.send(outcome.clone()).ok();
        }
    }
}

fn write(connection: &Connection, rules: Rules, group: &[Job]) -> Fallible<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let receipt = wall();
    let mut statements = Statements::of(connection, rules)?;
    for row in group.iter().flat_map(|job| job.rows.iter()) {
        // Only a low conversation can lengthen a run.
        if statements.insert(row)? && row.composite <= rules.highest_low() {
            statements.judge(row, receipt, rules)?;
        }
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

struct Statements<'a> {
    insert: CachedStatement<'a>,
    active: CachedStatement<'a>,
    newest: CachedStatement<'a>,
    trip: CachedStatement<'a>,
}

impl<'a> Statements<'a> {
    fn of(connection: &'a Connection, rules: Rules) -> Fallible<Self> {
        let order = if rules.by_arrival() { "position DESC" } else { "scored_at DESC, position DESC" };
        Ok(Self {
            insert: connection.prepare_cached(
                "INSERT OR IGNORE INTO facts
                     (workspace, event, account, conversation, scored_at, outcome, process, environment, composite,
                      confidence, signals, resolved)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?,
            active: connection.prepare_cached("SELECT 1 FROM breakers WHERE workspace = ?1 AND account = ?2")?,
            newest: connection.prepare_cached(&format!(
                "SELECT scored_at, composite FROM facts WHERE workspace = ?1 AND account = ?2 ORDER BY {order} LIMIT ?3"
            ))?,
            trip: connection.prepare_cached("INSERT INTO breakers VALUES (?1, ?2, ?3, ?4)")?,
        })
    }

    /// Whether it was new.
    fn insert(&mut self, row: &Row) -> Fallible<bool> {
        let [outcome, process, environment] = row.dimensions;
        let changed = self.insert.execute(params![
            row.workspace,
            row.event,
            row.account,
            row.conversation,
            row.at,
            outcome,
            process,
            environment,
            row.composite,
            row.confidence,
            row.signals,
            row.resolved
        ])?;
        Ok(changed == 1)
    }

    fn judge(&mut self, row: &Row, receipt: i64, rules: Rules) -> Fallible<()> {
        if self.active.exists(params![row.workspace, row.account])? {
            return Ok(());
        }
        let (run, newest) = self.low_run(row, RUN_THAT_TRIPS as usize, rules)?;
        if run == RUN_THAT_TRIPS && newest >= receipt - RUN_SPAN {
            let (run, _) = self.low_run(row, RUN_HORIZON, rules)?;
            self.trip.execute(params![row.workspace, row.account, run as i64, receipt])?;
        }
        Ok(())
    }

    /// Its length, over at most so many, and the time of the account's newest.
    fn low_run(&mut self, row: &Row, most: usize, rules: Rules) -> Fallible<(u64, i64)> {
        let mut rows = self.newest.query(params![row.workspace, row.account, most as i64])?;
        let (mut run, mut newest) = (0, None);
        while let Some(row) = rows.next()? {
            let (at, composite): (i64, u16) = (row.get(0)?, row.get(1)?);
            let newest = *newest.get_or_insert(at);
            if composite > rules.highest_low() || newest - at > rules.run_span() {
                break;
            }
            run += 1;
        }
        Ok((run, newest.unwrap_or(i64::MIN)))
    }
}
