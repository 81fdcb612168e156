//! One table of medians.

use comfy_table::{ContentArrangement, Table, presets};

use crate::measure::Figures;
use crate::names::Name;

/// All figures of all rounds.
pub struct Report {
    columns: Vec<(Name, Vec<Figures>)>,
    /// Measurements that failed.
    pub failures: usize,
}

/// A row: its name, its figure, and how it is written.
struct Row {
    name: &'static str,
    figure: fn(&Figures) -> Option<f64>,
    write: fn(f64) -> String,
}

const ROWS: [Row; 14] = [
    Row { name: "facts/s, durable", figure: |f| Some(f.facts_per_second), write: thousands },
    Row { name: "batch of 100, p50", figure: |f| Some(f.batch_p50), write: millis },
    Row { name: "batch of 100, p99", figure: |f| Some(f.batch_p99), write: millis },
    Row { name: "batch of 100, longest", figure: |f| Some(f.batch_longest), write: millis },
    Row { name: "account health alone, p50", figure: |f| Some(f.health_p50), write: millis },
    Row { name: "account health alone, p99", figure: |f| Some(f.health_p99), write: millis },
    Row { name: "account healths/s, all clients", figure: |f| Some(f.healths_per_second), write: thousands },
    Row { name: "account health under ingest, p99", figure: |f| Some(f.health_p99_under_ingest), write: millis },
    Row { name: "gate under ingest, p99", figure: |f| f.gate_p99_under_ingest, write: millis },
    Row { name: "30-day statistics, busiest workspace, p99", figure: |f| Some(f.statistics_p99), write: millis },
    Row { name: "bytes on disk per fact", figure: |f| Some(f.disk_bytes_per_fact), write: thousands },
    Row { name: "memory", figure: |f| Some(f.resident_bytes), write: mebibytes },
    Row { name: "back after kill -9", figure: |f| Some(f.recovery_seconds), write: seconds },
    Row { name: "rounds", figure: |_| None, write: thousands },
];

impl Report {
    pub fn new(names: &[Name]) -> Self {
        Self { columns: names.iter().map(|&name| (name, Vec::new())).collect(), failures: 0 }
    }

    pub fn add(&mut self, name: Name, figures: Figures) {
        let column = self.columns.iter_mut().find(|(known, _)| *known == name);
        if let Some((_, all)) = column {
            all.push(figures);
        }
    }

    /// For a terminal.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.header());
        for row in self.rows() {
            table.add_row(row);
        }
        table.to_string()
    }

    pub fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let header = self.header();
        let rule = format!("|---|{}\n", "---:|".repeat(header.len() - 1));
        let rows: String = self.rows().into_iter().map(line).collect();
        line(header) + &rule + &rows
    }

    fn header(&self) -> Vec<String> {
        let titles = self.columns.iter().map(|(name, _)| name.title().to_owned());
        std::iter::once(String::new()).chain(titles).collect()
    }

    /// Medians, and beside those of the others how many times ours they are.
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |row: &Row| {
            let ours = self.columns.iter().find(|(name, _)| *name == Name::Ours);
            let ours = ours.and_then(|(_, all)| median(all, row.figure));
            let cell = |(name, all): &(Name, Vec<Figures>)| match (row.name, median(all, row.figure)) {
                ("rounds", _) => all.len().to_string(),
                (_, None) => "–".to_owned(),
                (_, Some(value)) => match ours.filter(|_| *name != Name::Ours) {
                    Some(ours) => format!("{} ({}×)", (row.write)(value), ratio(value / ours)),
                    None => (row.write)(value),
                },
            };
            std::iter::once(row.name.to_owned()).chain(self.columns.iter().map(cell)).collect()
        };
        ROWS.iter().map(row).collect()
    }
}

/// One measurement, a line for each figure.
pub fn describe(figures: &Figures) -> String {
    let line = |row: &Row| (row.figure)(figures).map(|value| format!("{}: {}\n", row.name, (row.write)(value)));
    ROWS.iter().filter_map(line).collect()
}

/// Of an even number the lower middle one.
fn median(all: &[Figures], figure: fn(&Figures) -> Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = all.iter().filter_map(figure).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

fn ratio(value: f64) -> String {
    if value >= 10.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn millis(value: f64) -> String {
    format!("{value:.2} ms")
}

fn seconds(value: f64) -> String {
    format!("{value:.2} s")
}

fn mebibytes(value: f64) -> String {
    format!("{:.0} MiB", value / f64::from(1 << 20))
}

/// `74,100`.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut written = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(value: f64) -> Figures {
        Figures {
            facts_per_second: value,
            batch_p50: value,
            batch_p99: value,
            batch_longest: value,
            health_p50: value,
            health_p99: value,
            healths_per_second: value,
            health_p99_under_ingest: value,
            gate_p99_under_ingest: None,
            statistics_p99: value,
            disk_bytes_per_fact: value,
            resident_bytes: value,
            recovery_seconds: value,
        }
    }

    #[test]
    fn cells_are_medians_with_ratios_to_ours() {
        let mut report = Report::new(&[Name::Ours, Name::Sqlite]);
        for value in [300_000.0, 100.0, 200_000.0] {
            report.add(Name::Ours, figures(value));
        }
        report.add(Name::Sqlite, figures(50_000.0));
        let rows = report.rows();
        assert_eq!(rows[0], ["facts/s, durable", "200,000", "50,000 (0.25×)"]);
        assert_eq!(rows[8], ["gate under ingest, p99", "–", "–"]);
        assert_eq!(rows[13], ["rounds", "3", "1"]);
        assert!(report.markdown().lines().all(|line| line.starts_with('|') && line.ends_with('|')));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([999.6, 1e3, 74_100.0, 1_234_567.0].map(thousands), ["1,000", "1,000", "74,100", "1,234,567"]);
    }
}
