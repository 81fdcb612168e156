//! SQLite in this process: WAL, synchronous FULL, one writer that groups what waits, readers
//! beside it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use rusqlite::{Connection, OpenFlags, params};
use uuid::Uuid;

use super::sqlite_writer::{Job, Row, Writer, row};
use crate::answers::{Health, Statistics, Trip, mean};
use crate::contender::{Client, Contender, Fallible, Rules, Site};
use crate::oracle::{FAILURE, RUN_HORIZON, WINDOW_SPAN};
use crate::process::{bytes_under, length, own_resident};
use crate::time::wall;
use crate::workload::{Batch, account_id};

/// Of every connection: 64 MiB of pages, and reads through a mapping.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
    PRAGMA mmap_size = 1073741824; PRAGMA wal_autocheckpoint = 4000; PRAGMA busy_timeout = 10000;";

/// A database file and its writer.
pub struct Sqlite {
    directory: PathBuf,
    rules: Rules,
    writer: Option<Writer>,
}

impl Sqlite {
    pub fn start(site: &Site, rules: Rules) -> Fallible<Self> {
        let directory = site.directory.join("0");
        std::fs::create_dir(&directory)?;
        let connection = open(&directory)?;
        let unique = match rules.dedupes() {
            true => "CREATE UNIQUE INDEX facts_by_event ON facts (workspace, event);",
            false => "",
        };
        connection.execute_batch(&include_str!("sqlite.sql").replace("{UNIQUE}", unique))?;
        let writer = Some(Writer::start(connection, rules)?);
        Ok(Self { directory, rules, writer })
    }
}

fn open(directory: &Path) -> Fallible<Connection> {
    let connection = Connection::open(directory.join("facts.db"))?;
    connection.execute_batch(PRAGMAS)?;
    Ok(connection)
}

impl Contender for Sqlite {
    const EMBEDDED: bool = true;

    type Prepared = Arc<[Row]>;
    type Client = SqliteClient;

    fn prepare(&self, batch: &Batch) -> Arc<[Row]> {
        batch.facts.iter().map(|fact| row(batch.workspace, fact)).collect()
    }

    fn connect(&self) -> Fallible<SqliteClient> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(self.directory.join("facts.db"), flags)?;
        reader
            .execute_batch("PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824; PRAGMA busy_timeout = 10000;")?;
        let writer = self.writer.as_ref().ok_or("the writer is down")?.sender();
        Ok(SqliteClient { reader, writer, rules: self.rules })
    }

    fn resident(&self) -> u64 {
        own_resident()
    }

    fn bytes_on_disk(&self) -> u64 {
        bytes_under(&self.directory, None, length)
    }

    /// What a kill would leave: copies of the files as they are, with the log not taken over. (The
    /// writer is idle; a kill loses nothing that the kernel has.)
    fn crash(&mut self) -> Fallible<()> {
        let copy = self.directory.with_file_name("1");
        std::fs::create_dir(&copy)?;
        for name in ["facts.db", "facts.db-wal"] {
            std::fs::copy(self.directory.join(name), copy.join(name))?;
        }
        self.writer = None;
        self.directory = copy;
        Ok(())
    }

    fn restart(&mut self) -> Fallible<()> {
        self.writer = Some(Writer::start(open(&self.directory)?, self.rules)?);
        Ok(())
    }
}

/// A reader, and a way to the writer.
pub struct SqliteClient {
    reader: Connection,
    writer: mpsc::Sender<Job>,
    rules: Rules,
}

impl Client for SqliteClient {
    type Prepared = Arc<[Row]>;

    fn ingest(&mut self, batch: &Arc<[Row]>) -> Fallible<()> {
        let (done, answer) = mpsc::channel();
        self.writer.send(Job { rows: Arc::clone(batch), done })?;
        answer.recv()?.map_err(Into::into)
    }

    fn health(&mut self, workspace: usize, account: u32) -> Fallible<Option<Health>> {
        let order = if self.rules.by_arrival() { "position DESC" } else { "scored_at DESC, position DESC" };
        let mut newest = self.reader.prepare_cached(&format!(
            "SELECT scored_at, composite, resolved FROM facts WHERE workspace = ?1 AND account = ?2
             ORDER BY {order} LIMIT {RUN_HORIZON}"
        ))?;
        let oldest = wall() - WINDOW_SPAN;
        let (mut count, mut sum, mut good, mut run) = (0, 0, 0, 0);
        let (mut last, mut in_run, mut seen) = (None, true, 0);
        let mut rows = newest.query(params![workspace as i64, account_id(account).as_bytes()])?;
        while let Some(row) = rows.next()? {
            let (at, composite, resolved): (i64, u16, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            seen += 1;
            if seen <= self.rules.window() && at >= oldest {
                count += 1;
                sum += u64::from(composite);
                good += u64::from(resolved && composite >= FAILURE);
            }
            let last = *last.get_or_insert(at);
            in_run = in_run && composite <= self.rules.highest_low() && last - at <= self.rules.run_span();
            run += u64::from(in_run);
        }
        Ok((seen > 0).then(|| Health {
            count,
            composite: mean(sum, count),
            resolution_rate: mean(100 * good, count),
            consecutive_low: run,
        }))
    }

    fn trips(&mut self, workspace: usize) -> Fallible<Vec<Trip>> {
        let mut active =
            self.reader.prepare_cached("SELECT account, run FROM breakers WHERE workspace = ?1 ORDER BY account")?;
        let rows =
            active.query_map([workspace as i64], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, i64>(1)?)))?;
        let trip = |(account, run): ([u8; 16], i64)| Trip {
            account: Uuid::from_bytes(account).as_u128() as u32,
            run: run as u64,
        };
        Ok(rows.map(|row| row.map(trip)).collect::<Result<_, _>>()?)
    }

    fn statistics(&mut self, workspace: usize, from: i64, to: i64) -> Fallible<Statistics> {
        let mut sums = self.reader.prepare_cached(
            "SELECT count(*), total(composite), total(outcome), total(process), total(environment),
                    total(resolved AND composite >= 200)
             FROM facts WHERE workspace = ?1 AND scored_at BETWEEN ?2 AND ?3",
        )?;
        let values: [u64; 6] = sums.query_row(params![workspace as i64, from, to], |row| {
            let mut values = [row.get::<_, i64>(0)? as u64, 0, 0, 0, 0, 0];
            for (column, value) in values.iter_mut().enumerate().skip(1) {
                *value = row.get::<_, f64>(column)? as u64;
            }
            Ok(values)
        })?;
        let [count, composite, outcome, process, environment, good] = values;
        Ok(Statistics {
            count,
            composite: mean(composite, count),
            dimensions: [outcome, process, environment].map(|sum| mean(sum, count)),
            resolution_rate: mean(100 * good, count),
        })
    }
}
