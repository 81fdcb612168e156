//! `calibrate` (R5.10): what a profile fitted to rated dialogues would be, and what it would bring. Applies nothing.

mod shown;

use std::io;
use std::path::{Path, PathBuf};

use super::args;
use super::exit::{Exit, Failure};
use super::output::{self, Format, FormatArgs};
use super::portable;
use super::score::{self, Judged, Scoring};
use crate::domain::calibration::{Answers, Case, Offer, offer};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::score::Hundredths;
use crate::domain::scoring::profile::{Profile, ScoringModel};
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::portable::Imported;
use crate::wire::offer::CalibrationOffer;

/// Show what a profile fitted to rated dialogues would be, and what it would bring; changes nothing
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Rated dialogues, as `score` reads them, with an "account" where there is one; standard input if left out or "-"
    ///
    /// {"id", "account"?, "rating"?: 1-5, "turns": [{"role": "user"|"agent"|"ai"|"human"|"system", "text", "at"?}],
    /// "resolution"?: "ai_resolved"|"human_resolved"|"abandoned"}
    ///
    /// Dialogues without a rating only show who answers. Of more than 10,000 rated ones the last are used.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// FILE is an export of the server (docs/export.md): take the ratings of this workspace out of it
    #[arg(long, value_name = "UUID", value_parser = args::id)]
    workspace: Option<Id>,
    /// Print the lines of config.toml that would hold, and nothing else
    #[arg(long, conflicts_with = "output")]
    toml: bool,
    /// support-2 for customer support, task-1 for dialogues with booking bots; an export says it itself
    #[arg(long, value_name = "MODEL", env = "TRIPSWITCH__SCORING__MODEL")]
    #[arg(default_value = ScoringModel::Support2.name(), value_parser = score::model)]
    model: ScoringModel,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    match args.workspace {
        Some(workspace) => {
            let cut = exported(args.file.as_deref().unwrap_or_else(|| Path::new("-")), workspace, quiet)?.cut();
            let base = cut.uncalibrated();
            show(args, &cut.offer(&base), &base, &cut.answering(Millis::MIN, Millis::MAX).into())
        }
        None => of_dialogues(args),
    }
}

/// The live side of a workspace of an export.
fn exported(path: &Path, id: Id, quiet: bool) -> Result<Workspace, Failure> {
    let Imported { workspaces, .. } = portable::read_export(path, "Reading", quiet)?;
    let found = workspaces.into_iter().find(|workspace| workspace.key() == WorkspaceKey { id, side: Side::Live });
    found.ok_or_else(|| Failure::new(Exit::NoInput, "No workspace exists with the given ID."))
}

/// Broken dialogues are named on standard error and make it fail; the others are used all the same.
fn of_dialogues(args: &Args) -> Result<(), Failure> {
    let scoring = Scoring::new(args.model, false, false);
    let (mut scores, mut cases) = (Vec::new(), Vec::new());
    let take = |judged: Vec<Judged>| {
        for judged in judged {
            scores.extend(judged.composite.map(|composite| (Hundredths::round(composite), judged.rating.is_some())));
            cases.extend(case(judged));
        }
        Ok(())
    };
    let input = score::open(args.file.as_deref()).map_err(score::failed)?;
    let read = score::each_answer(input, |json| scoring.judged(json), take, io::stderr().lock());
    if let Err(error) = &read
        && !error.is_about_dialogues()
    {
        return read.map_err(score::failed);
    }
    // What comes last is the newest.
    cases.reverse();
    let offer = offer(&scoring.profile, &cases);
    show(args, &offer, &scoring.profile, &Answers::of(scores))?;
    read.map_err(score::failed)
}

fn show(args: &Args, offer: &Offer, base: &Profile, answers: &Answers) -> Result<(), Failure> {
    match args.format.output {
        _ if args.toml => shown::toml(offer, args.workspace),
        Format::Table => shown::tell(offer, base, answers),
        Format::Json => output::json(&CalibrationOffer::of(offer, base, answers)),
    }
}

/// A rated dialogue that has a score without its rating. Without an account it stands for one of its own.
fn case(judged: Judged) -> Option<Case> {
    let Judged { id, account, rating, composite, observations } = judged;
    composite?;
    let name = account.map_or_else(|| format!("dialogue {id}"), |account| format!("account {account}"));
    let mut number = [0; 16];
    blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut number);
    Some(Case { account: Id(u128::from_le_bytes(number)), rating: rating?, observations })
}
