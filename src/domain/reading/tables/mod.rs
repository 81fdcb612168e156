//! The lists of `tables/`, and what they are compiled to.
//!
//! Phrases and lines are compared folded ([`folded`](super::fold::folded)), byte by byte, so the automata stay small.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::phrase::{any_of, any_whole, compile};

const SOURCES: [&str; 12] = [
    include_str!("en.toml"),
    include_str!("da.toml"),
    include_str!("de.toml"),
    include_str!("fr.toml"),
    include_str!("es.toml"),
    include_str!("nl.toml"),
    include_str!("pt.toml"),
    include_str!("sv.toml"),
    include_str!("nb.toml"),
    include_str!("it.toml"),
    include_str!("fi.toml"),
    include_str!("pl.toml"),
];

/// As in `tables/README.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    greetings: Vec<String>,
    quotes: Quotes,
    ending: Ending,
    legal: Legal,
    automatic: Automatic,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quotes {
    opens: Vec<String>,
    wrote: Vec<String>,
    from: Vec<String>,
    sent: Vec<String>,
    fields: Vec<String>,
    originals: Vec<String>,
    begins: Vec<String>,
    delimiters: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ending {
    formulas: Vec<String>,
    short: Vec<String>,
    thanks: Vec<String>,
    and: Vec<String>,
    taglines: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Legal {
    certain: Vec<String>,
    hints: Vec<String>,
    own: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Automatic {
    subjects: Vec<String>,
    notices: Vec<String>,
    certain: Vec<String>,
    absence: Vec<String>,
    company: Vec<String>,
    greets: Vec<String>,
    receipts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    devices: Vec<String>,
    companies: Vec<String>,
    titles: Vec<String>,
    phones: Vec<String>,
}

/// What a line can be. The order is that of [`Tables::lines`].
#[derive(Clone, Copy)]
pub enum Mark {
    /// Begins like "On 5 May …".
    Opens,
    /// Has a verb of writing.
    Wrote,
    From,
    /// A header that nothing but a mail has.
    Sent,
    Field,
    Original,
    Begins,
    Delimiter,
    Formula,
    FormulaAndMore,
    Short,
    Thanks,
    ThanksAndFormula,
    Tagline,
    Greeting,
}

/// The [`Mark`]s of one line.
#[derive(Clone, Copy, Default)]
pub struct Marks(u16);

impl Marks {
    pub fn has(self, mark: Mark) -> bool {
        self.0 & 1 << mark as u16 != 0
    }
}

/// What one language's footers and automatic messages say.
pub struct Phrases {
    pub certain: Regex,
    pub hints: Regex,
    pub own: Regex,
    pub notices: Regex,
    pub absence: Regex,
    pub company: Regex,
    pub greets: Regex,
    pub receipts: Regex,
}

pub struct Tables {
    lines: RegexSet,
    /// A phrase of a legal footer, of any language.
    pub legal: Regex,
    /// A telephone number, a company's legal form, or somebody's position.
    pub contact: Regex,
    /// Anything that makes it worth while to look for an automatic message.
    pub automatic: Regex,
    /// A phrase that makes a message automatic beyond doubt.
    pub subjects: Regex,
    pub certain: Regex,
    pub languages: Vec<Phrases>,
}

pub static TABLES: LazyLock<Tables> = LazyLock::new(Tables::compile);

impl Tables {
    pub fn marks(&self, folded: &str) -> Marks {
        let found = self.lines.matches(folded.as_bytes());
        Marks(found.iter().fold(0, |marks, mark| marks | 1 << mark))
    }

    fn compile() -> Self {
        let parse = |source| toml::from_str::<Language>(source).expect("a test reads every table");
        let all: Vec<Language> = SOURCES.into_iter().map(parse).collect();
        let common: Common = toml::from_str(include_str!("common.toml")).expect("a test reads it");
        let of = |list: fn(&Language) -> &Vec<String>| any_of(all.iter().flat_map(list), &common.devices);
        let subjects = format!(r"^(?:{})(?: ?(?:[:.,(-]|–)| re\b| to\b|$)", of(|l| &l.automatic.subjects));
        let certain = of(|l| &l.automatic.certain);
        let automatic = format!(
            "{subjects}|^(?:{})|{certain}|{}|{}",
            of(|l| &l.automatic.notices),
            of(|l| &l.automatic.absence),
            of(|l| &l.automatic.greets)
        );
        Self {
            lines: compile_set(&line_patterns(&all, &common)),
            legal: compile(&format!("{}|{}", of(|l| &l.legal.certain), of(|l| &l.legal.hints))),
            contact: compile(&contact_pattern(&common)),
            automatic: compile(&automatic),
            subjects: compile(&subjects),
            certain: compile(&certain),
            languages: all.iter().map(phrases).collect(),
        }
    }
}

/// In the order of [`Mark`].
fn line_patterns(all: &[Language], common: &Common) -> [String; 15] {
    let of = |list: fn(&Language) -> &Vec<String>| any_of(all.iter().flat_map(list), &common.devices);
    let formulas = of(|l| &l.ending.formulas);
    let thanks = of(|l| &l.ending.thanks);
    let and = of(|l| &l.ending.and);
    let header = |names: String| format!(r"^(?:{names}) ?:");
    [
        format!("^(?:{})", of(|l| &l.quotes.opens)),
        of(|l| &l.quotes.wrote),
        header(of(|l| &l.quotes.from)),
        header(of(|l| &l.quotes.sent)),
        header(of(|l| &l.quotes.fields)),
        format!("^(?:{})", of(|l| &l.quotes.originals)),
        format!("^(?:{}) ?:?$", of(|l| &l.quotes.begins)),
        of(|l| &l.quotes.delimiters),
        format!(r"^(?:{formulas})[ ,.!:-]*$"),
        format!(r"^(?:{formulas}|{})[ ,.!:-]+[^ ]", of(|l| &l.ending.short)),
        format!(r"^(?:{}|{thanks})[ ,]*$", of(|l| &l.ending.short)),
        format!(r"^(?:{thanks})[ ,]*$"),
        format!(r"^(?:{thanks})[ ,.!]*(?:{and}|[,.!-]) *(?:{formulas})[ ,.!:-]*$"),
        format!("^(?:{})", of(|l| &l.ending.taglines)),
        format!("^(?:{})", of(|l| &l.greetings)),
    ]
}

fn contact_pattern(common: &Common) -> String {
    let companies: Vec<String> = common.companies.iter().map(|name| regex::escape(name)).collect();
    format!(
        r"\b(?:{})(?:\.| ?$|[ ,|])|{}|\b(?:{})\b[ .:]*[+(]?\d|\+\d[\d ()/-]{{6}}|\w@\w|\bwww\.",
        companies.join("|"),
        any_of(common.titles.iter(), &[]),
        common.phones.join("|"),
    )
}

fn phrases(language: &Language) -> Phrases {
    let list = |list: &Vec<String>| compile(&any_of(list.iter(), &[]));
    Phrases {
        certain: list(&language.legal.certain),
        hints: list(&language.legal.hints),
        own: compile(&any_whole(&language.legal.own)),
        notices: compile(&format!("^(?:{})", any_of(language.automatic.notices.iter(), &[]))),
        absence: list(&language.automatic.absence),
        company: list(&language.automatic.company),
        greets: list(&language.automatic.greets),
        receipts: list(&language.automatic.receipts),
    }
}

fn compile_set(patterns: &[String]) -> RegexSet {
    RegexSetBuilder::new(patterns)
        .unicode(false)
        .size_limit(64 << 20)
        .dfa_size_limit(16 << 20)
        .build()
        .expect("a test compiles every table")
}

#[cfg(test)]
mod tests {
    use super::super::fold::folded;
    use super::*;

    #[test]
    fn every_table_is_read_and_compiled() {
        assert_eq!(TABLES.languages.len(), SOURCES.len());
        assert_eq!(TABLES.lines.len(), Mark::Greeting as usize + 1);
    }

    #[test]
    fn no_phrase_is_all_optional() {
        assert!(!TABLES.lines.is_match(b"") && !TABLES.legal.is_match(b"") && !TABLES.contact.is_match(b""));
        assert!(!TABLES.certain.is_match(b"") && !TABLES.subjects.is_match(b"") && !TABLES.automatic.is_match(b""));
        for phrases in &TABLES.languages {
            let Phrases { certain, hints, own, notices, absence, company, greets, receipts } = phrases;
            for list in [certain, hints, own, notices, absence, company, greets, receipts] {
                assert!(!list.is_match(b""), "{list}");
            }
        }
    }

    #[test]
    fn marks_stand_where_the_patterns_do() {
        let cases: [(&str, Mark); 17] = [
            ("On Tuesday", Mark::Opens),
            ("Mia a écrit :", Mark::Wrote),
            ("Från: Mia", Mark::From),
            ("Betreff: Re", Mark::Sent),
            ("Do: Mia", Mark::Field),
            ("Ursprüngliche Nachricht", Mark::Original),
            ("Begin forwarded message:", Mark::Begins),
            ("Please type your reply above this line", Mark::Delimiter),
            ("Med venlig hilsen,", Mark::Formula),
            ("Many kind regards", Mark::Formula),
            ("Mit freundlichen Grüßen", Mark::Formula),
            ("Best, Tom", Mark::FormulaAndMore),
            ("Kh", Mark::Short),
            ("Mange tak,", Mark::Thanks),
            ("Many thanks in advance and kind regards", Mark::ThanksAndFormula),
            ("Sent from my Galaxy", Mark::Tagline),
            ("Szanowni Państwo,", Mark::Greeting),
        ];
        for (line, mark) in cases {
            assert!(TABLES.marks(&folded(line)).has(mark), "{line}");
        }
    }
}
