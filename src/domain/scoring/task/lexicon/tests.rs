use proptest::prelude::*;

use super::matchers::without_implied_boundary;
use super::*;

fn pack(lists: &[(List, &[&str])]) -> Result<Pack, LexiconError> {
    let lists = lists.iter().map(|(list, patterns)| (*list, patterns.iter().map(|p| (*p).into()).collect()));
    Pack::compile(&PackSource { language: "xx".into(), lists: lists.collect(), ..PackSource::default() })
}

fn english(text: &str) -> Vec<List> {
    let hits = builtin_packs()[0].hits(&plain(text));
    List::ALL.into_iter().filter(|list| list.is_in(hits)).collect()
}

#[test]
fn the_built_in_pack_has_every_list() {
    let source = PackSource::english();
    assert!(List::ALL.iter().all(|list| source.lists[list].len() > 4));
    assert_eq!(builtin_packs()[0].language(), "en");
    assert_eq!(builtin_packs()[0].sentiment(), SentimentLexicon::Vader);
}

#[test]
fn a_word_character_next_to_a_match_forbids_it() {
    assert_eq!(english("GREATly grateful_ _thanks cheers1"), []);
    assert_eq!(english("GREAT!"), [List::Praise]);
    assert_eq!(english("(cheers)"), [List::Gratitude]);
    assert_eq!(english("caffè awfulé"), []);
    assert_eq!(english("é awful é"), [List::Complaint]);
}

#[test]
fn an_alternative_that_breaks_the_boundary_does_not_hide_one_that_keeps_it() {
    let pack = pack(&[(List::Praise, &["love", "loved?"]), (List::Failure, &["(?:is) (?:not|un)(?: \\w+)?"])]).unwrap();
    assert_eq!(pack.hits("we loved it"), List::Praise.bit());
    assert_eq!(pack.hits("lovely but love"), List::Praise.bit());
    assert_eq!(pack.hits("it is nothing"), 0);
    assert_eq!(pack.hits("it is not"), List::Failure.bit());
}

#[test]
fn neighbouring_matches_may_share_their_boundary() {
    let pack = pack(&[(List::Praise, &["a", "b"]), (List::Complaint, &["b"])]).unwrap();
    assert_eq!(pack.hits("a b"), List::Praise.bit() | List::Complaint.bit());
}

#[test]
fn a_leading_no_is_a_rejection_and_one_inside_is_not() {
    assert_eq!(english("No thanks"), [List::Gratitude, List::Rejection]);
    assert_eq!(english("there was no cat, nothing"), []);
    assert_eq!(english("Nothing"), []);
    assert_eq!(english("noé"), []);
}

#[test]
fn a_comma_belongs_to_the_match_so_a_word_right_after_it_forbids_it() {
    assert_eq!(english("well no, the red one"), [List::Correction]);
    assert_eq!(english("well no,the red one"), []);
}

#[test]
fn both_apostrophes_are_read_alike() {
    assert_eq!(english("I don’t like that, it can’t be"), english("I don't like that, it can't be"));
    assert!(english("I don’t like that").contains(&List::Rejection));
}

#[test]
fn an_implied_boundary_is_dropped_only_after_a_plain_letter() {
    assert_eq!(without_implied_boundary(r"^no\b"), "^no");
    assert_eq!(without_implied_boundary(r"\w\b"), r"\w\b");
    assert_eq!(without_implied_boundary(r"no,\b"), r"no,\b");
    assert_eq!(without_implied_boundary(r"no\\b"), r"no\\b");
}

#[test]
fn a_pack_that_cannot_work_is_refused_by_name() {
    assert!(matches!(
        pack(&[(List::Praise, &["good", "(bad"])]),
        Err(LexiconError::Pattern { list: List::Praise, .. })
    ));
    assert!(matches!(pack(&[(List::Praise, &["good)|(?:bad"])]), Err(LexiconError::Pattern { .. })));
    assert!(matches!(pack(&[(List::Praise, &[""])]), Err(LexiconError::EmptyPattern { .. })));
    let source = PackSource { language: "english".into(), ..PackSource::default() };
    assert!(matches!(Pack::compile(&source), Err(LexiconError::Language(_))));
    let source =
        PackSource { language: "da".into(), sentiment: Some(SentimentLexicon::Vader), ..PackSource::default() };
    assert!(matches!(Pack::compile(&source), Err(LexiconError::Sentiment(_))));
}

#[test]
fn a_configured_table_replaces_the_lists_it_names_and_refuses_unknown_ones() {
    let table = "sentiment = \"none\"\n[lists]\npraise = [\"top\"]\n";
    let source = toml::from_str::<PackSource>(table).unwrap().over(PackSource::english());
    assert_eq!(source.lists[&List::Praise], ["top".into()]);
    assert_eq!(source.lists[&List::Apology], PackSource::english().lists[&List::Apology]);
    let pack = Pack::compile(&source).unwrap();
    assert_eq!((pack.language(), pack.sentiment()), ("en", SentimentLexicon::None));
    assert!(pack.is_stopword("the") && pack.digest() != builtin_packs()[0].digest());
    assert!(toml::from_str::<PackSource>("[lists]\njoy = [\"top\"]").is_err());
    assert!(toml::from_str::<PackSource>("list = 1").is_err());
}

#[test]
fn every_pattern_of_the_built_in_pack_is_a_set_of_phrases() {
    assert!(
        builtin_packs()[0].phrases.as_ref().is_some_and(|phrases| phrases.rest.is_none() && !phrases.is_ascii_only)
    );
}

/// Patterns of every kind: phrases, other ones, and some in other scripts.
static MIXED: LazyLock<Pack> = LazyLock::new(|| {
    let lists: &[(List, &[&str])] = &[
        (List::Gratitude, &["tak", r"thank\w*", "(?-i)Thx", "k(?:s|ss)"]),
        (List::Praise, &[r"su\w+", "a.b", "^no", r"\bso\b"]),
        (List::Complaint, &["dårlig", "[^a]b", ", no", r"un\w* ok"]),
        (List::Failure, &[r"is (?:not|un)(?: \w+)? ?(?:able|ok)?", "_no"]),
    ];
    pack(lists).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn phrases_hit_what_the_patterns_match(
        text in "((is|not|un|able|Thank|thx|Thx|KS|ſ|\u{212a}|su|so|no|NO|ok|b|tak|d|å|rlig|é|²|£|😀|\u{fe0f}|\u{200d}|_|1)[ ,'.]{0,2}){0,9}"
    ) {
        prop_assert_eq!(MIXED.hits(&text), MIXED.definition.hits(&text));
    }

    #[test]
    fn english_phrases_hit_what_the_patterns_match(
        words in prop::collection::vec((english_word(), "( |  |, |,|'|\\. |_|-|é|£|…|s|ing| not )"), 0..12)
    ) {
        let text: String = words.into_iter().flat_map(|(word, gap)| [word, gap]).collect();
        let pack = &builtin_packs()[0];
        prop_assert_eq!(pack.hits(&text), pack.definition.hits(&text), "{:?}", text);
    }

    #[test]
    fn any_text_hits_what_the_patterns_match(text in any::<String>()) {
        let pack = &builtin_packs()[0];
        prop_assert_eq!(pack.hits(&text), pack.definition.hits(&text));
    }
}

/// A word of the patterns, in one of three cases, or a word of none.
fn english_word() -> impl Strategy<Value = String> {
    let patterns = PackSource::english().lists.values().flatten();
    let mut words: Vec<String> = patterns
        .flat_map(|pattern| pattern.split(|c: char| !c.is_alphabetic() && c != '\''))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.extend(["the", "order", "x", "9"].map(str::to_owned));
    let cased = |(word, case): (String, u8)| match case {
        0 => word.to_uppercase(),
        1 => word[..1].to_uppercase() + &word[1..],
        _ => word,
    };
    (prop::sample::select(words), 0..5_u8).prop_map(cased)
}
