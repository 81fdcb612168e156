//! `snapshot create`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Args;
use crate::cli::exit::Failure;
use crate::cli::output::{self, Format};
use crate::cli::progress;
use crate::cli::remote::{NOTHING, Remote};
use crate::cli::target::Location;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::ids::RandomIds;
use crate::offline::snapshots::{Created, Creating, create};
use crate::service::snapshots::whole;
use crate::storage::FileOptions;
use crate::wire::snapshot::{Snapshot, SnapshotStatus};

/// How often a server is asked how far it has come.
const POLL: Duration = Duration::from_secs(1);

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let made = match args.target.location()? {
        Location::Server(remote) => remote.run(on_server(&remote, quiet))?,
        Location::Directory(config) => on_directory(&config, quiet)?,
    };
    match args.format.output {
        Format::Json => output::json(&made),
        Format::Table => super::tell(&made),
    }
}

async fn on_server(remote: &Remote, quiet: bool) -> Result<Snapshot, Failure> {
    let thousandths = AtomicU64::new(0);
    let share = || thousandths.load(Ordering::Relaxed) as f64 / 1_000.0;
    tokio::select! {
        answer = remote.ask("POST", "snapshots", NOTHING, None) => answer?.read(),
        never = progress::show(|| "Writing the snapshot", quiet, share) => match never {},
        never = follow(remote, &thousandths) => match never {},
    }
}

async fn follow(remote: &Remote, thousandths: &AtomicU64) -> Infallible {
    loop {
        tokio::time::sleep(POLL).await;
        // A failure of the progress bar must not fail the verb.
        let status = remote.ask("GET", "snapshots/status", NOTHING, Some(POLL)).await;
        if let Ok(status) = status.and_then(|answer| answer.read::<SnapshotStatus>()) {
            thousandths.store((status.progress * 1_000.0) as u64, Ordering::Relaxed);
        }
    }
}

fn on_directory(config: &Config, quiet: bool) -> Result<Snapshot, Failure> {
    let data_dir = config.storage.data_dir.clone();
    let options = FileOptions { segment_bytes: config.journal.segment_bytes() };
    let creating = Arc::new(Creating::default());
    let shown = Arc::clone(&creating);
    let look = move || (shown.stage(), shown.share());
    let work = || create(&data_dir, &options, &RandomIds, &SystemClock::new(), &creating);
    let Created { manifest, path, passed_over, torn } = progress::during(quiet, look, work)?;
    for passed in passed_over {
        let kept = passed.moved_to.map(|path| format!(", kept as {}", path.display())).unwrap_or_default();
        output::note(quiet, format_args!("Snapshot {} is damaged ({}){kept}.", passed.number, passed.reason));
    }
    for kept in torn {
        let kept = kept.display();
        output::note(
            quiet,
            format_args!("The journal ended in a write that did not finish; it was cut, kept as {kept}."),
        );
    }
    Ok(whole(path, &manifest))
}
