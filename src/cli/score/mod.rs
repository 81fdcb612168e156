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

use dialogue::Scoring;
use input::{MAX_LINE_BYTES, Piece};

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

fn model(name: &str) -> Result<ScoringModel, String> {
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
    /// By R10.9.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Open { .. } => 66,
            Self::Read { .. } | Self::Write { .. } | Self::NotText(_) | Self::NotJson { .. } | Self::Broken { .. } => 1,
        }
    }
}

/// Scores the file (standard input for none or `-`) to standard output; broken dialogues are named on
/// standard error. A reader that goes away (`| head`) ends it quietly.
pub fn run(args: &ScoreArgs) -> Result<(), ScoreError> {
    let input: Box<dyn Read> = match args.file.as_deref().filter(|path| *path != Path::new("-")) {
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
    let scorer = Scorer(Scoring::new(args.model, args.explain, args.show_text));
    scorer.score_all(BufReader::with_capacity(BLOCK_BYTES, input), io::stdout().lock(), io::stderr().lock())
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
        let (mut dialogues, mut broken) = (0, 0);
        let read = input::each_block(input, |block| {
            let mut answers = String::new();
            for answer in self.score_block(block).into_iter().flatten() {
                dialogues += 1;
                match answer {
                    Ok(answer) => {
                        answers.push_str(&answer);
                        answers.push('\n');
                    }
                    Err(complaint) => {
                        broken += 1;
                        // Standard error may be closed; the exit code says it too.
                        let _ = writeln!(complaints, "{complaint}");
                    }
                }
            }
            out.write_all(answers.as_bytes()).and_then(|()| out.flush()).map_err(|source| ScoreError::Write { source })
        });
        match read {
            Err(ScoreError::Write { source }) if source.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Ok(()) if broken > 0 => Err(ScoreError::Broken { broken, dialogues }),
            read => read,
        }
    }

    /// One answer for each piece, `None` for blank ones, in order.
    fn score_block(&self, block: &[Piece]) -> Vec<Option<Result<String, String>>> {
        let workers = thread::available_parallelism().map_or(1, num::NonZero::get);
        let share = block.len().div_ceil(workers);
        let score = |pieces: &[Piece]| pieces.iter().map(|piece| self.score(piece)).collect::<Vec<_>>();
        let (own, others) = block.split_at(share.min(block.len()));
        thread::scope(|scope| {
            let others: Vec<_> = others.chunks(share).map(|pieces| scope.spawn(move || score(pieces))).collect();
            let mut answers = score(own);
            for other in others {
                match other.join() {
                    Ok(scored) => answers.extend(scored),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            answers
        })
    }

    fn score(&self, piece: &Piece) -> Option<Result<String, String>> {
        let Some(json) = &piece.json else {
            return Some(Err(format!("line {}: longer than {} MiB", piece.line, MAX_LINE_BYTES >> 20)));
        };
        if json.trim_ascii().is_empty() {
            return None;
        }
        Some(self.0.line(json).map_err(|broken| {
            if json.contains(&0) {
                return format!("line {}: {}", piece.line, NotText::Utf16);
            }
            let (path, error) = (broken.path().to_string(), broken.inner());
            // The root has no name, and what is not known is not named.
            let known = path.trim_end_matches(['.', '?']);
            let member = if known.is_empty() { String::new() } else { format!("{known}: ") };
            let line = piece.line + (error.line() as u64).saturating_sub(1);
            format!("line {line}: {member}{} (column {})", without_position(error), error.column())
        }))
    }
}

/// What is wrong, without a position: the parser's own is one within a dialogue.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what).to_owned()
}

#[cfg(test)]
mod tests;
