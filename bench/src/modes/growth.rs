//! What many accounts, and one workspace that holds everything, do to it.

use crate::contender::{Fallible, Rules};
use crate::ground::Ground;
use crate::measure::Measure;
use crate::names::{Name, with};
use crate::report::describe;
use crate::workload::Shape;

/// Workspaces and accounts of each run.
const SIZES: [(usize, usize); 4] = [(200, 20_000), (200, 200_000), (1, 20_000), (1, 200_000)];

pub fn run(ground: &Ground, measure: Measure, name: Name) -> Fallible<()> {
    for (workspaces, accounts) in SIZES {
        let measure = Measure { shape: Shape { workspaces, accounts, ..measure.shape }, ..measure };
        let (_directory, site) = ground.site(workspaces)?;
        let figures = with(name, &site, Rules::default(), measure)?;
        println!("\n{name}: {} facts, {workspaces} workspaces, {accounts} accounts", measure.shape.facts);
        print!("{}", describe(&figures));
    }
    Ok(())
}
