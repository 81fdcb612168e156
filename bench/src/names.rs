//! Contenders by name.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::contender::{Contender, Fallible, Rules, Site};
use crate::ours::Ours;
use crate::peers::postgres::Postgres;
use crate::peers::redis::{Fsync, Redis};
use crate::peers::sqlite::Sqlite;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum Name {
    /// Tripswitch
    Ours,
    /// PostgreSQL, its planner told to use indexes alone
    Pg,
    /// PostgreSQL with the planner as it comes
    PgPlain,
    /// Redis, appendfsync always
    RedisAlways,
    /// Redis, appendfsync everysec: not durable
    RedisEverysec,
    /// SQLite in this process
    Sqlite,
}

impl Name {
    /// What is compared unless something else is asked for.
    pub const USUAL: [Self; 5] = [Self::Ours, Self::Pg, Self::RedisAlways, Self::RedisEverysec, Self::Sqlite];

    /// As a table's heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ours => "Tripswitch",
            Self::Pg => "PostgreSQL",
            Self::PgPlain => "PostgreSQL, planner untouched",
            Self::RedisAlways => "Redis, fsync always",
            Self::RedisEverysec => "Redis, everysec (not durable)",
            Self::Sqlite => "SQLite",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

/// Something to do with whichever contender it is.
pub trait Task {
    type Output;

    fn run<C: Contender>(self, contender: C) -> Fallible<Self::Output>;
}

/// Starts a contender and does `task` with it.
pub fn with<T: Task>(name: Name, site: &Site, rules: Rules, task: T) -> Fallible<T::Output> {
    match name {
        Name::Ours => task.run(Ours::start(site, rules)?),
        Name::Pg => task.run(Postgres::start(site, rules, true)?),
        Name::PgPlain => task.run(Postgres::start(site, rules, false)?),
        Name::RedisAlways => task.run(Redis::start(site, rules, Fsync::Always)?),
        Name::RedisEverysec => task.run(Redis::start(site, rules, Fsync::EverySecond)?),
        Name::Sqlite => task.run(Sqlite::start(site, rules)?),
    }
}
