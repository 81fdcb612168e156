//! `tripswitch score [FILE]`: dialogues in, as NDJSON, an array or objects of several lines, their scores out (R10.3). No server, no set-up.
//!
//! Dialogues are read as they come, in blocks that are scored by all cores and written in the order of
//! the input; at most one block is in memory.

mod dialogue;
mod input;

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::{num, thread};

use dialogue::Broken;
pub(super) use dialogue::{Judged, Scoring};
use input::{MAX_LINE_BYTES, Piece};

use super::exit::{Exit, Failure};
use super::text::NotText;
use crate::domain::scoring::profile::ScoringModel;
use crate::files::explained;

/// Score dialogues without a server: NDJSON or a JSON array in, one line each out
#[derive(Clone, Debug, clap::Args)]
pub struct ScoreArgs {
    /// Dialogues, one JSON object a line or all in an array; standard input if left out or "-"
    ///
    /// {"id", "turns": [{"role": "user"|"agent"|"ai"|"human"|"system", "text", "at"?}],
    /// "resolution"?: "ai_resolved"|"human_resolved"|"abandoned", "rating"?: 1-5}
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Add what each signal contributed to each dimension
    #[arg(long)]
    pub explain: bool,
    /// Add each turn as it was read: without markup, quoted mail and signatures
    #[arg(long)]
    pub show_text: bool,
    /// support-2 for customer support, task-1 for dialogues with booking bots
    #[arg(long, value_name = "MODEL", env = "TRIPSWITCH__SCORING__MODEL")]
    #[arg(default_value = ScoringModel::Support2.name(), value_parser = model)]
    pub model: ScoringModel,
}

pub(super) fn model(name: &str) -> Result<ScoringModel, String> {
    let known = || ScoringModel::ALL.map(ScoringModel::name).join(" or ");
    ScoringModel::ALL.into_iter().find(|model| model.name() == name).ok_or_else(|| format!("expected {}", known()))
}

/// Why `score` did not do all of its work.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    #[error("cannot open {path}: {source}")]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot read the dialogues: {source}")]
    Read { source: io::Error },
    #[error("cannot write the scores: {source}")]
    Write { source: io::Error },
    #[error(transparent)]
    NotText(#[from] NotText),
    #[error("line {line}: {reason} (column {column}): what stands behind it cannot be read")]
    NotJson { line: u64, reason: String, column: usize },
    #[error("{broken} of {dialogues} dialogues could not be scored")]
    Broken { broken: u64, dialogues: u64 },
}

impl ScoreError {
    /// Some dialogues are broken, and all others were read.
    pub fn is_about_dialogues(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }

    /// By R10.9.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Open { .. } => 66,
            Self::Read { .. } | Self::Write { .. } | Self::NotText(_) | Self::NotJson { .. } | Self::Broken { .. } => 1,
        }
    }
}

/// How the program ends.
pub(super) fn failed(error: ScoreError) -> Failure {
    let exit = if error.exit_code() == Exit::NoInput.code() { Exit::NoInput } else { Exit::Failed };
    Failure::of(exit, &error)
}

/// Scores the file (standard input for none or `-`) to standard output; broken dialogues are named on
/// standard error. A reader that goes away (`| head`) ends it quietly.
pub fn run(args: &ScoreArgs) -> Result<(), ScoreError> {
    let input = open(args.file.as_deref())?;
    let scorer = Scorer(Scoring::new(args.model, args.explain, args.show_text));
    scorer.score_all(input, io::stdout().lock(), io::stderr().lock())
}

/// A file of dialogues; standard input for none or `-`.
pub(super) fn open(file: Option<&Path>) -> Result<BufReader<Box<dyn Read>>, ScoreError> {
    let input: Box<dyn Read> = match file.filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let open = |source| ScoreError::Open { path: path.to_owned(), source: explained(path, source) };
            let file = File::open(path).map_err(open)?;
            if file.metadata().map_err(open)?.is_dir() {
                return Err(open(io::ErrorKind::IsADirectory.into()));
            }
            Box::new(file)
        }
        None => Box::new(io::stdin().lock()),
    };
    Ok(BufReader::with_capacity(BLOCK_BYTES, input))
}

/// The most that is read ahead.
const BLOCK_BYTES: usize = 1 << 20;

struct Scorer(Scoring);

impl Scorer {
    /// The whole run, without the choice of input and output.
    fn score_all(
        &self,
        input: BufReader<impl Read>,
        mut out: impl Write,
        mut complaints: impl Write,
    ) -> Result<(), ScoreError> {
        let write = |lines: Vec<String>| {
            let text: String = lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect();
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|source| ScoreError::Write { source })
        };
        match each_answer(input, |json| self.0.line(json), write, &mut complaints) {
            Err(ScoreError::Write { source }) if source.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            read => read,
        }
    }
}

/// Hands on what `work` makes of the dialogues, block by block in their order. Broken ones are named in `complaints`, and
/// are an error at the end.
pub(super) fn each_answer<T: Send>(
    input: BufReader<impl Read>,
    work: impl Fn(&[u8]) -> Result<T, Broken> + Sync,
    mut take: impl FnMut(Vec<T>) -> Result<(), ScoreError>,
    mut complaints: impl Write,
) -> Result<(), ScoreError> {
    let (mut dialogues, mut broken) = (0, 0);
    input::each_block(input, |block| {
        let mut answers = Vec::with_capacity(block.len());
        for answer in of_block(block, &work).into_iter().flatten() {
            dialogues += 1;
            match answer {
                Ok(answer) => answers.push(answer),
                Err(complaint) => {
                    broken += 1;
                    // Standard error may be closed; the exit code says it too.
                    let _ = writeln!(complaints, "{complaint}");
                }
            }
        }
        take(answers)
    })?;
    if broken > 0 { Err(ScoreError::Broken { broken, dialogues }) } else { Ok(()) }
}

/// One answer for each piece, `None` for blank ones, in order. By all cores.
fn of_block<T: Send>(
    block: &[Piece],
    work: &(impl Fn(&[u8]) -> Result<T, Broken> + Sync),
) -> Vec<Option<Result<T, String>>> {
    let workers = thread::available_parallelism().map_or(1, num::NonZero::get);
    let share = block.len().div_ceil(workers);
    let of_pieces = |pieces: &[Piece]| pieces.iter().map(|piece| of_piece(piece, work)).collect::<Vec<_>>();
    let (own, others) = block.split_at(share.min(block.len()));
    thread::scope(|scope| {
        let others: Vec<_> = others.chunks(share).map(|pieces| scope.spawn(move || of_pieces(pieces))).collect();
        let mut answers = of_pieces(own);
        for other in others {
            match other.join() {
                Ok(answered) => answers.extend(answered),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        answers
    })
}

fn of_piece<T>(piece: &Piece, work: impl Fn(&[u8]) -> Result<T, Broken>) -> Option<Result<T, String>> {
    let Some(json) = &piece.json else {
        return Some(Err(format!("line {}: longer than {} MiB", piece.line, MAX_LINE_BYTES >> 20)));
    };
    if json.trim_ascii().is_empty() {
        return None;
    }
    Some(work(json).map_err(|broken| {
        if json.contains(&0) {
            return format!("line {}: {}", piece.line, NotText::Utf16);
        }
        let (path, error) = (broken.path().to_string(), broken.inner());
        // The root has no name, and what is not known is not named.
        let known = path.trim_end_matches(['.', '?']);
        let member = if known.is_empty() { String::new() } else { format!("{known}: ") };
        let line = piece.line + (error.line() as u64).saturating_sub(1);
        let column = if error.column() > 0 { format!(" (column {})", error.column()) } else { String::new() };
        format!("line {line}: {member}{}{column}", without_position(error))
    }))
}

/// What is wrong, without a position: the parser's own is one within a dialogue.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what).to_owned()
}

#[cfg(test)]
mod tests;
