//! `tripswitch score [FILE]`: dialogues as NDJSON in, their scores out (R10.3). No server, no set-up.
//!
//! Lines are read as they come, in blocks that are scored by all cores and written in the order of
//! the input; at most one block is in memory.

mod dialogue;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::{num, thread};

use dialogue::Scoring;

use crate::domain::scoring::profile::ScoringModel;

/// Score dialogues without a server: NDJSON in, one line each out
#[derive(Clone, Debug, clap::Args)]
pub struct ScoreArgs {
    /// Dialogues, one JSON object a line; standard input if left out or "-"
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
    #[error("cannot open {path}")]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot read the dialogues")]
    Read { source: io::Error },
    #[error("cannot write the scores")]
    Write { source: io::Error },
    #[error("{broken} of {lines} lines could not be scored")]
    BrokenLines { broken: u64, lines: u64 },
}

impl ScoreError {
    /// By R10.9.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Open { .. } => 66,
            Self::Read { .. } | Self::Write { .. } | Self::BrokenLines { .. } => 1,
        }
    }
}

/// Scores the file (standard input for none or `-`) to standard output; broken lines are named on
/// standard error. A reader that goes away (`| head`) ends it quietly.
pub fn run(args: &ScoreArgs) -> Result<(), ScoreError> {
    let input: Box<dyn Read> = match args.file.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let open = |source| ScoreError::Open { path: path.to_owned(), source };
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

/// The most lines that are scored together.
const BLOCK_LINES: usize = 1_024;

/// A longer line is no dialogue.
const MAX_LINE_BYTES: u64 = 32 << 20;

struct Scorer(Scoring);

/// A line of the input, without its line feed.
enum Line {
    Whole(Vec<u8>),
    TooLong,
}

impl Scorer {
    /// The whole run, without the choice of input and output.
    fn score_all(
        &self,
        mut input: BufReader<impl Read>,
        mut out: impl Write,
        mut complaints: impl Write,
    ) -> Result<(), ScoreError> {
        let (mut number, mut lines, mut broken) = (0, 0, 0);
        loop {
            let block = read_block(&mut input).map_err(|source| ScoreError::Read { source })?;
            if block.is_empty() {
                break;
            }
            let mut answers = String::new();
            for answer in self.score_block(&block) {
                number += 1;
                let Some(answer) = answer else { continue };
                lines += 1;
                match answer {
                    Ok(answer) => {
                        answers.push_str(&answer);
                        answers.push('\n');
                    }
                    Err(reason) => {
                        broken += 1;
                        // Standard error may be closed; the exit code says it too.
                        let _ = writeln!(complaints, "line {number}: {reason}");
                    }
                }
            }
            match out.write_all(answers.as_bytes()).and_then(|()| out.flush()) {
                Ok(()) => {}
                Err(gone) if gone.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(source) => return Err(ScoreError::Write { source }),
            }
        }
        if broken > 0 { Err(ScoreError::BrokenLines { broken, lines }) } else { Ok(()) }
    }

    /// One answer per line, `None` for blank ones, in order.
    fn score_block(&self, block: &[Line]) -> Vec<Option<Result<String, String>>> {
        let workers = thread::available_parallelism().map_or(1, num::NonZero::get);
        let share = block.len().div_ceil(workers);
        let score = |lines: &[Line]| lines.iter().map(|line| self.score(line)).collect::<Vec<_>>();
        let (own, others) = block.split_at(share.min(block.len()));
        thread::scope(|scope| {
            let others: Vec<_> = others.chunks(share).map(|lines| scope.spawn(move || score(lines))).collect();
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

    fn score(&self, line: &Line) -> Option<Result<String, String>> {
        match line {
            Line::TooLong => Some(Err(format!("longer than {} MiB", MAX_LINE_BYTES >> 20))),
            Line::Whole(line) if line.trim_ascii().is_empty() => None,
            Line::Whole(line) => Some(self.0.line(line).map_err(|error| without_position(&error))),
        }
    }
}

/// serde_json's own position would always name line 1, so only its column is used.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what} (column {})", error.column()),
        None => text,
    }
}

/// The next lines: waits for the first, then takes those that have arrived completely. Empty at the end.
fn read_block(input: &mut BufReader<impl Read>) -> io::Result<Vec<Line>> {
    let mut block = Vec::new();
    while let Some(line) = read_line(input)? {
        block.push(line);
        if block.len() == BLOCK_LINES || !input.buffer().contains(&b'\n') {
            break;
        }
    }
    Ok(block)
}

fn read_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    if input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        line.pop();
    } else if line.len() as u64 == MAX_LINE_BYTES {
        input.skip_until(b'\n')?;
        return Ok(Some(Line::TooLong));
    }
    Ok(Some(Line::Whole(line)))
}

#[cfg(test)]
mod tests;
