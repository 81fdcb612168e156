//! What verbs print: tables for people, JSON for programs.

use std::io::Write;

use comfy_table::Table;
use serde::Serialize;

use super::exit::Failure;

/// `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    #[default]
    Table,
    Json,
}

/// The `-o` option, for verbs that print data.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct FormatArgs {
    /// What to print
    #[arg(short = 'o', long = "output", value_enum, default_value = "table", value_name = "FORMAT")]
    pub output: Format,
}

/// A line to standard output.
pub fn line(text: impl std::fmt::Display) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// A value as one line of JSON to standard output.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(std::io::Error::from)?;
    line(text)
}

/// Names come from outside: characters that would move the cursor, end the line or turn the direction of writing are
/// shown as Rust escapes them.
fn plain(text: &str) -> String {
    let shown = |c: char| {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().map(shown).collect()
}

/// A table without frames, as `kubectl` prints them: easy to read and to cut up.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Result<(), Failure> {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header.map(str::to_uppercase));
    for row in rows {
        table.add_row(row.map(|cell| plain(&cell)));
    }
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 1));
    });
    let text = table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n");
    line(text)
}

/// Names and values, one a line, the values below each other.
pub fn facts<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> Result<(), Failure> {
    let rows: Vec<_> = rows.into_iter().collect();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.into_iter().try_for_each(|(name, value)| line(format_args!("{name:width$}  {}", plain(&value))))
}

/// A number of bytes for people.
pub fn bytes(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}

/// The value, or a dash if there is none.
pub fn or_dash(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// A note that is no data: to standard error, unless `--quiet`.
pub fn note(quiet: bool, text: impl std::fmt::Display) {
    if !quiet {
        // If standard error is closed, nobody can be told.
        drop(writeln!(std::io::stderr().lock(), "{text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(plain("ev\u{1b}[31mil\nna\tme\u{9b}\u{202e}"), "ev\\u{1b}[31mil\\nna\\tme\\u{9b}\\u{202e}");
        assert_eq!(plain("Zoë & 日本 \\ 'x'"), "Zoë & 日本 \\ 'x'");
    }
}
