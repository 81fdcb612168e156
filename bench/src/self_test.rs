//! Whether the check notices: every store with every rule broken in turn.

use crate::check::{CheckedWork, differences};
use crate::contender::{Broken, Contender, Fallible, Rules};
use crate::ground::Ground;
use crate::names::{Name, Task, with};

/// Differences of a store from the oracle.
struct Compare<'a>(&'a CheckedWork);

impl Task for Compare<'_> {
    type Output = Vec<String>;

    fn run<C: Contender>(self, contender: C) -> Fallible<Vec<String>> {
        differences(&contender, self.0)
    }
}

fn compare(ground: &Ground, name: Name, rules: Rules, facts: usize) -> Fallible<Vec<String>> {
    let (_directory, site) = ground.site(CheckedWork::workspaces())?;
    with(name, &site, rules, Compare(&CheckedWork::new(facts, 7)))
}

/// Fails at the first store that does not answer as the oracle does.
pub fn check(ground: &Ground, names: &[Name], facts: usize) -> Fallible<()> {
    for &name in names {
        let found = compare(ground, name, Rules::default(), facts)?;
        if let Some(first) = found.first() {
            return Err(format!("{name} differs in {} answers; the first: {first}", found.len()).into());
        }
        println!("check: {name} answers as the oracle does ({facts} facts and the edges)");
    }
    Ok(())
}

/// Fails at the first broken rule that goes unnoticed.
pub fn self_test(ground: &Ground, names: &[Name]) -> Fallible<()> {
    for &name in names {
        for broken in Broken::ALL.into_iter().filter(|&broken| can_break(name, broken)) {
            let found = compare(ground, name, Rules { broken: Some(broken) }, 2_000)?;
            let Some(first) = found.first() else {
                return Err(format!("{name} with a broken rule ({}) passes the check", broken.name()).into());
            };
            println!("self-test: {name}, {}: caught, {first}", broken.name());
        }
    }
    Ok(())
}

/// Ours can be broken by configuration alone.
fn can_break(name: Name, broken: Broken) -> bool {
    match name {
        Name::Ours => matches!(broken, Broken::Window49 | Broken::Window51),
        Name::Pg | Name::PgPlain | Name::RedisAlways | Name::RedisEverysec | Name::Sqlite => true,
    }
}
