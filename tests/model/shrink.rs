//! From a stream that fails to a short one that still does.

use tripswitch::domain::settings::Settings;

use crate::broken::Broken;
use crate::compare::{Divergence, compare, compare_all};
use crate::stream::{Action, Step, Stream};

/// Trials of one shrinking.
const TRIALS: usize = 1_000;

/// Runs a stream and says how it diverges, if it does.
fn diverges(stream: &Stream, rounds: bool, broken: Option<Broken>) -> Option<Divergence> {
    if rounds { compare_all(stream).err() } else { compare(stream, broken).err() }
}

/// Leaves out steps, then events, as long as the stream goes on failing.
pub fn shrink(stream: &Stream, broken: Option<Broken>) -> (Stream, Divergence) {
    let mut best = stream.clone();
    let rounds = broken.is_none() && compare(stream, None).is_ok();
    let mut last = diverges(&best, rounds, broken).expect("only failing streams are shrunk");
    let mut trials = 0;
    let mut progress = true;
    while progress && trials < TRIALS {
        progress = false;
        let mut chunk = (best.steps.len() / 2).max(1);
        while chunk >= 1 && trials < TRIALS {
            let mut start = 0;
            while start < best.steps.len() && trials < TRIALS {
                let mut shorter = best.clone();
                shorter.steps.drain(start..(start + chunk).min(best.steps.len()));
                trials += 1;
                if let Some(divergence) = diverges(&shorter, rounds, broken) {
                    (best, last, progress) = (shorter, divergence, true);
                } else {
                    start += chunk;
                }
            }
            chunk /= 2;
        }
        for (step, place) in events(&best) {
            let mut shorter = best.clone();
            if let Some(Step::Frame { action: Action::Events(events), .. }) = shorter.steps.get_mut(step)
                && place < events.len()
                && events.len() > 1
            {
                events.remove(place);
                trials += 1;
                if let Some(divergence) = diverges(&shorter, rounds, broken) {
                    (best, last, progress) = (shorter, divergence, true);
                }
            }
        }
    }
    (best, last)
}

/// Step and place of every event, the last first.
fn events(stream: &Stream) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    for (index, step) in stream.steps.iter().enumerate().rev() {
        if let Step::Frame { action: Action::Events(events), .. } = step {
            all.extend((0..events.len()).rev().map(|place| (index, place)));
        }
    }
    all
}

/// A failure for people: the seed, what came apart, and the shortest stream found.
pub fn report(stream: &Stream) -> String {
    let (short, divergence) = shrink(stream, None);
    let steps: String = short.steps.iter().map(|step| format!("  {}\n", describe(step))).collect();
    format!(
        "TRIPSWITCH_SEED={} ({:?}) diverges at step {} of {}: {}\nskips {:?}, settings {:?}\n{steps}",
        stream.seed,
        stream.scenario,
        divergence.step,
        short.steps.len(),
        divergence.what,
        short.skips,
        Brief(&short.settings),
    )
}

fn describe(step: &Step) -> String {
    match step {
        Step::Frame { receipt, action: Action::Events(events) } => {
            let events: String = events
                .iter()
                .map(|event| {
                    format!(
                        "\n      #{} {} time {:?} account {:?} name {:?} contact {:?} {:?}",
                        event.identity.key[6] as u64 * 256 + event.identity.key[7] as u64,
                        event.conversation.map_or(String::from("-"), |id| format!("c{}", id.0 as u16)),
                        event.time,
                        event.account.map(|id| id.0 as u16),
                        event.account_name,
                        event.contact,
                        event.body
                    )
                })
                .collect();
            format!("receipt {receipt}{events}")
        }
        Step::Frame { receipt, action: Action::Settings(settings) } => {
            format!("receipt {receipt} {:?}", Brief(settings))
        }
        Step::Frame { receipt, action } => format!("receipt {receipt} {action:?}"),
        Step::Check { .. } | Step::Sleep { .. } => format!("{step:?}"),
    }
}

/// Settings as far as streams change them.
struct Brief<'a>(&'a Settings);

impl std::fmt::Debug for Brief<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}, weights {:?}", self.0.model, self.0.profile.composite_weights)
    }
}
