//! `calibrate` (R5.10): what a profile fitted to rated dialogues would be, and what it would bring. Applies nothing.

mod shown;

use std::io;
use std::path::PathBuf;

use super::exit::Failure;
use super::output::{self, Format, FormatArgs};
use super::score::{self, Judged, Scoring};
use crate::domain::calibration::{Answers, Case, offer};
use crate::domain::ids::Id;
use crate::domain::score::Hundredths;
use crate::domain::scoring::profile::ScoringModel;
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
    /// Print the lines of config.toml that would hold, and nothing else
    #[arg(long, conflicts_with = "output")]
    toml: bool,
    /// support-2 for customer support, task-1 for dialogues with booking bots
    #[arg(long, value_name = "MODEL", env = "TRIPSWITCH__SCORING__MODEL")]
    #[arg(default_value = ScoringModel::Support2.name(), value_parser = score::model)]
    model: ScoringModel,
    #[command(flatten)]
    format: FormatArgs,
}

/// Broken dialogues are named on standard error and make it fail; the others are used all the same.
pub fn run(args: &Args) -> Result<(), Failure> {
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
    match args.format.output {
        _ if args.toml => shown::toml(&offer)?,
        Format::Table => shown::tell(&offer, &scoring.profile, &Answers::of(scores))?,
        Format::Json => output::json(&CalibrationOffer::of(&offer, &scoring.profile, &Answers::of(scores)))?,
    }
    read.map_err(score::failed)
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
