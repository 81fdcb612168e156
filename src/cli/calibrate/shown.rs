//! An offer for people, for programs, and for `config.toml`.

use crate::cli::exit::Failure;
use crate::cli::output::{self, or_dash};
use crate::domain::calibrated::Calibrated;
use crate::domain::calibration::agreement::Agreement;
use crate::domain::calibration::gain::Gain;
use crate::domain::calibration::{Answers, Measured, Offer, Part, Verdict};
use crate::domain::ids::Id;
use crate::domain::scoring::profile::Profile;

pub(super) fn tell(offer: &Offer, profile: &Profile, answers: &Answers) -> Result<(), Failure> {
    output::facts(facts(offer, answers))?;
    if let Some(measured) = &offer.measured {
        output::line("")?;
        table(measured)?;
    }
    let moved = offer.calibration.as_ref().map(|calibration| calibration.moved(profile)).unwrap_or_default();
    if !moved.is_empty() {
        output::line("\nWEIGHTS THAT MOVE BY MORE THAN A FIFTH")?;
        let rows = moved.iter().map(|moved| [moved.signal.name().to_owned(), number(moved.from), number(moved.to)]);
        output::table(["signal", "is", "would be"], rows)?;
    }
    Ok(())
}

fn facts(offer: &Offer, answers: &Answers) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        (
            "ratings",
            format!("{} of {} accounts; as many as {:.0} alike", offer.ratings, offer.accounts, offer.effective),
        ),
        ("answered", answered(answers)),
        ("verdict", verdict(offer.verdict).to_owned()),
    ];
    let calibration = offer.calibration.as_ref();
    let level = |value: fn(&Calibrated) -> f64| calibration.map(|calibration| signed(value(calibration)));
    facts.push(("shift", part(offer.level, level(|calibration| calibration.level().shift))));
    facts.push(("spread", part(offer.spread, calibration.map(|calibration| number(calibration.level().spread)))));
    let weights = calibration.map(|calibration| format!("{} move", calibration.weights.len()));
    facts.push(("weights", part(offer.weights, weights)));
    if let Some(measured) = &offer.measured {
        facts.push(("gain", gain(measured.gain)));
        facts.extend(measured.weights_gain.map(|of_weights| ("of weights", gain(of_weights))));
    }
    facts.extend(calibration.map(|calibration| ("version", calibration.name())));
    facts
}

fn answered(answers: &Answers) -> String {
    let Answers { conversations, answered, score_of_answered, score_of_all } = *answers;
    let (rated, all) = (or_dash(score_of_answered), or_dash(score_of_all));
    format!("{answered} of {conversations} with a score; their mean score is {rated}, that of all {all}")
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TooFew => "too few ratings",
        Verdict::Unrelated => "ratings do not go with the scores: nothing is offered",
        Verdict::WithinNoise => "within noise: nothing is offered",
        Verdict::Offered => "offered",
    }
}

/// What is offered of a part, or why nothing is.
fn part(part: Part, offered: Option<String>) -> String {
    match part {
        Part::Missing { ratings, accounts } => {
            let missing = [(ratings, "ratings"), (accounts, "accounts")];
            let missing = missing.into_iter().filter(|(count, _)| *count > 0);
            let missing: Vec<_> = missing.map(|(count, what)| format!("{count} more {what}")).collect();
            format!("needs {}", missing.join(" of "))
        }
        Part::WithinNoise => "stays: within noise".to_owned(),
        Part::Fitted => or_dash(offered),
    }
}

fn gain(Gain { share, interval: [low, high], t }: Gain) -> String {
    let percent = |share: f64| format!("{:.0}", 100.0 * share);
    format!("{} % of the squared error ({} to {}), t {t:.1}", percent(share), percent(low), percent(high))
}

fn table(measured: &Measured) -> Result<(), Failure> {
    let Measured { before, after, low, nothing_known, .. } = measured;
    let rho = |agreement: &Agreement| {
        let Some(spearman) = agreement.spearman else { return "-".to_owned() };
        let interval = spearman.interval.map(|[low, high]| format!(" ({low:.2} to {high:.2})"));
        format!("{:.3}{}", spearman.rho, interval.unwrap_or_default())
    };
    let row = |name: &str, of: &dyn Fn(&Agreement) -> String| [name.to_owned(), of(before), of(after)];
    let mut rows = vec![
        row("error", &|agreement| format!("{:.3}", agreement.mean_absolute_error)),
        row("bias", &|agreement| format!("{:+.3}", agreement.bias)),
        row("order", &rho),
    ];
    rows.push(["low".to_owned(), low[0].to_string(), low[1].to_string()]);
    rows.push(["nothing known".to_owned(), number(nothing_known[0]), number(nothing_known[1])]);
    output::table(["on unseen accounts", "as it is", "calibrated"], rows)
}

/// The lines of `config.toml` that would hold, for one workspace where it is named; a comment where nothing is offered.
pub(super) fn toml(offer: &Offer, workspace: Option<Id>) -> Result<(), Failure> {
    let Some(calibration) = &offer.calibration else {
        return output::line(format_args!("# {}", verdict(offer.verdict)));
    };
    let Calibrated { weights, ratings, accounts, .. } = calibration;
    let level = calibration.level();
    output::line(format_args!("# Calibrated to {ratings} ratings of {accounts} accounts: {}.", calibration.name()))?;
    let section = workspace.map_or_else(|| "scoring".to_owned(), |id| format!("workspaces.\"{id}\".scoring"));
    output::line(format_args!("[{section}.level]"))?;
    for (name, value) in [("shift", level.shift), ("spread", level.spread), ("center", level.center)] {
        output::line(format_args!("{name} = {value}"))?;
    }
    if !weights.is_empty() {
        output::line(format_args!("\n[{section}.signals]"))?;
    }
    weights.iter().try_for_each(|(kind, weight)| output::line(format_args!("{}.weight = {}", kind.name(), weight.0)))
}

fn number(value: f64) -> String {
    format!("{value:.2}")
}

fn signed(value: f64) -> String {
    format!("{value:+.2}")
}
