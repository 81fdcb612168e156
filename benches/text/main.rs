//! What it costs to read a message, as a whole and part by part. Times are per round of all messages
//! of a group; the throughput is messages per second.

mod messages;

use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use messages::{ENGLISH, FOREIGN, LONG};
use tripswitch::domain::ids::Id;
use tripswitch::domain::reading::{self, Format};
use tripswitch::domain::scoring::Speaker;
use tripswitch::domain::scoring::profile::ScoringModel;
use tripswitch::domain::scoring::reader::{Incoming, MessageReader};
use tripswitch::domain::scoring::task::lexicon::{builtin_packs, plain};
use tripswitch::domain::scoring::task::text::{Analyzer, conversation_word_key};
use tripswitch::domain::scoring::task::{language, sentiment};
use vader_parity::SentimentIntensityAnalyzer;

fn each<T>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, texts: &[&str], read: impl Fn(&str) -> T) {
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for text in texts {
                black_box(read(black_box(text)));
            }
        });
    });
}

/// As the door does it.
fn whole(c: &mut Criterion) {
    let analyzer = Analyzer::default();
    let key = conversation_word_key(&[1; 32], Id(1));
    let read = |text: &str| analyzer.analyze(Some(text), None, &key);
    let danish = Analyzer::new(builtin_packs().to_vec(), "da");
    let is_english = |text: &str| danish.analyze(Some(text), None, &key).read;
    assert!(!FOREIGN.iter().copied().any(is_english), "nothing foreign is taken for English");
    let mut group = c.benchmark_group("analyze");
    each(&mut group, "english", &ENGLISH, read);
    each(&mut group, "english, told so", &ENGLISH, |text| analyzer.analyze(Some(text), Some("en"), &key));
    each(&mut group, "100 words", &[LONG], read);
    each(&mut group, "foreign", &FOREIGN, read);
    group.finish();
}

fn parts(c: &mut Criterion) {
    let pack = &builtin_packs()[0];
    let vader = SentimentIntensityAnalyzer::new();
    let mut group = c.benchmark_group("part");
    each(&mut group, "word key", &ENGLISH, |_| conversation_word_key(&[1; 32], Id(1)));
    each(&mut group, "sentiment", &ENGLISH, sentiment::compound);
    each(&mut group, "vader-parity", &ENGLISH, |text| vader.polarity_scores(text).compound);
    each(&mut group, "lists", &ENGLISH, |text| pack.hits(&plain(text)));
    each(&mut group, "whatlang", &ENGLISH, language::detect);
    group.finish();
}

/// As the door does it for `support-2`: reading, then marks and hashes.
fn support(c: &mut Criterion) {
    reading::prepare();
    let reader = MessageReader::of(ScoringModel::Support2);
    let key = conversation_word_key(&[1; 32], Id(1));
    let read = |text: &str| {
        let (speaker, format) = (Speaker::Customer, Format::Auto);
        reader.read(&Incoming { speaker, text: Some(text), language: None, format, automatic: false }, &key)
    };
    let mail = mail();
    assert!((2_900..3_300).contains(&mail.len()), "{}", mail.len());
    let mut group = c.benchmark_group("support-2");
    each(&mut group, "english", &ENGLISH, read);
    each(&mut group, "foreign", &FOREIGN, read);
    each(&mut group, "100 words", &[LONG], read);
    each(&mut group, "mail of 3,000 characters with its thread", &[&mail], read);
    each(&mut group, "reading alone, english", &ENGLISH, |text| reading::read(text, Format::Auto).text.len());
    each(&mut group, "reading alone, mail", &[&mail], |text| reading::read(text, Format::Auto).text.len());
    group.finish();
}

/// Half of it new, half a quoted thread.
fn mail() -> String {
    let own: String = LONG.chars().cycle().take(1_450).collect();
    let quoted: String = own.split(". ").map(|sentence| format!("> {sentence}.\n")).collect();
    format!(
        "Hello,\n\n{own}\n\nKind regards\nPriya Quillfeather\n\nOn Tue, 10 Mar 2026 at 09:12, Support \
         <support@example.com> wrote:\n\n{quoted}"
    )
}

criterion_group!(benches, whole, parts, support);
criterion_main!(benches);
