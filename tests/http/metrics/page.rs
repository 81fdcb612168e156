//! A strict reader of Prometheus' text format 0.0.4: it panics where a page is not what the format asks
//! for, or breaks a habit of ours.

use std::collections::{BTreeMap, BTreeSet};

/// Names and values, ordered by name.
pub type Labels = BTreeMap<String, String>;

#[derive(Debug)]
pub struct Page {
    /// The kind and the samples of each metric.
    families: BTreeMap<String, (String, Vec<Sample>)>,
}

#[derive(Debug)]
struct Sample {
    name: String,
    labels: Labels,
    value: f64,
}

impl Page {
    #[track_caller]
    pub fn read(text: &str) -> Self {
        assert!(text.ends_with('\n') && !text.contains("\n\n"), "lines end, and none is empty");
        let mut families = BTreeMap::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let help = line.strip_prefix("# HELP ").unwrap_or_else(|| panic!("HELP comes first: {line:?}"));
            let (name, help) = help.split_once(' ').expect("a metric and its help");
            assert!(is_name(name) && help.ends_with('.'), "{line:?}");
            let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).expect("then TYPE");
            let mut samples = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                samples.push(Sample::read(line));
            }
            check(name, kind, &samples);
            assert!(families.insert(name.to_owned(), (kind.to_owned(), samples)).is_none(), "{name} twice");
        }
        Self { families }
    }

    /// The names of all metrics.
    pub fn metrics(&self) -> BTreeSet<&str> {
        self.families.keys().map(String::as_str).collect()
    }

    pub fn has(&self, name: &str) -> bool {
        self.families.values().flat_map(|(_, samples)| samples).any(|sample| sample.name == name)
    }

    /// The value of one series.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels: Labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let all = self.families.values().flat_map(|(_, samples)| samples);
        let mut found = all.filter(|sample| sample.name == name && sample.labels == labels);
        found.next().unwrap_or_else(|| panic!("no {name} {labels:?} in {self:#?}")).value
    }

    /// The sum of all series of a name whose labels hold `label`.
    pub fn sum(&self, name: &str, label: (&str, &str)) -> f64 {
        let all = self.families.values().flat_map(|(_, samples)| samples);
        let holds = |sample: &&Sample| sample.labels.get(label.0).is_some_and(|value| value == label.1);
        all.filter(|sample| sample.name == name).filter(holds).map(|sample| sample.value).sum()
    }

    pub fn series(&self) -> usize {
        self.families.values().map(|(_, samples)| samples.len()).sum()
    }

    /// All values of a label, whatever the metric.
    pub fn values_of(&self, label: &str) -> BTreeSet<&str> {
        let all = self.families.values().flat_map(|(_, samples)| samples);
        all.filter_map(|sample| sample.labels.get(label)).map(String::as_str).collect()
    }

    pub fn label_names(&self) -> BTreeSet<&str> {
        let all = self.families.values().flat_map(|(_, samples)| samples);
        all.flat_map(|sample| sample.labels.keys()).map(String::as_str).collect()
    }
}

impl Sample {
    fn read(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line:?}"));
        let value = if value == "+Inf" { f64::INFINITY } else { value.parse().expect("a number") };
        let Some((name, labels)) = series.split_once('{') else {
            return Self { name: series.to_owned(), labels: Labels::new(), value };
        };
        let mut rest = labels.strip_suffix('}').unwrap_or_else(|| panic!("no end of labels: {line:?}"));
        let mut labels = Labels::new();
        while !rest.is_empty() {
            let (name, behind) = rest.split_once("=\"").expect("a label and its value");
            assert!(is_name(name) && !name.contains(':') && !name.starts_with("__"), "{line:?}");
            let end = behind.find('"').expect("the value ends");
            // No value of ours needs an escape.
            assert!(!behind[..end].contains('\\'), "{line:?}");
            assert!(labels.insert(name.to_owned(), behind[..end].to_owned()).is_none(), "{line:?}");
            rest = &behind[end + 1..];
            assert!(rest.is_empty() || rest.starts_with(',') && rest.len() > 1, "{line:?}");
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        Self { name: name.to_owned(), labels, value }
    }
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    text.chars().all(fits) && text.chars().next().is_some_and(|c| !c.is_ascii_digit())
}

fn check(name: &str, kind: &str, samples: &[Sample]) {
    assert!(name.starts_with("tripswitch_") || name.starts_with("process_"), "{name}");
    assert!(!samples.is_empty(), "{name} has no samples");
    let series: BTreeSet<_> = samples.iter().map(|sample| (&sample.name, &sample.labels)).collect();
    assert_eq!(series.len(), samples.len(), "{name} has a series twice");
    assert_eq!(name.ends_with("_total"), kind == "counter", "{name} {kind}");
    match kind {
        "counter" | "gauge" => {
            assert!(samples.iter().all(|sample| sample.name == name), "{name} {samples:?}");
            assert!(kind == "gauge" || samples.iter().all(|sample| sample.value >= 0.0), "{name} {samples:?}");
        }
        "histogram" => check_histogram(name, samples),
        other => panic!("{name} is a {other}"),
    }
}

/// One histogram of a metric: bounds with their counts, sum and count.
#[derive(Default)]
struct Spread {
    buckets: Vec<(f64, f64)>,
    sum: Option<f64>,
    count: Option<f64>,
}

fn check_histogram(name: &str, samples: &[Sample]) {
    let mut spreads: BTreeMap<Labels, Spread> = BTreeMap::new();
    for sample in samples {
        let mut labels = sample.labels.clone();
        let bound = labels.remove("le");
        let spread = spreads.entry(labels).or_default();
        match (sample.name.strip_prefix(name), bound) {
            (Some("_bucket"), Some(bound)) => {
                let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a bound") };
                spread.buckets.push((bound, sample.value));
            }
            (Some("_sum"), None) => spread.sum = Some(sample.value),
            (Some("_count"), None) => spread.count = Some(sample.value),
            other => panic!("{name}: {other:?}"),
        }
    }
    for (labels, Spread { buckets, sum, count }) in spreads {
        assert!(buckets.is_sorted_by(|(a, less), (b, more)| a < b && less <= more), "{name} {labels:?} {buckets:?}");
        let &(bound, all) = buckets.last().expect("a histogram has buckets");
        assert_eq!((bound, Some(all)), (f64::INFINITY, count), "{name} {labels:?}");
        assert!(sum.is_some_and(|sum| sum >= 0.0), "{name} {labels:?}");
    }
}

#[test]
fn the_reader_itself_can_fail() {
    let good =
        "# HELP tripswitch_x_total X.\n# TYPE tripswitch_x_total counter\ntripswitch_x_total{a=\"b\",c=\"d\"} 1\n";
    let page = Page::read(good);
    assert_eq!(page.value("tripswitch_x_total", &[("c", "d"), ("a", "b")]), 1.0);
    let histogram = "# HELP tripswitch_h H.\n# TYPE tripswitch_h histogram\ntripswitch_h_bucket{le=\"1\"} 2\n\
        tripswitch_h_bucket{le=\"+Inf\"} 3\ntripswitch_h_sum 4.5\ntripswitch_h_count 3\n";
    assert_eq!(Page::read(histogram).series(), 4);
    let broken = [
        good.replace("# HELP tripswitch_x_total X.\n", ""),
        good.replace("counter", "gauge"),
        good.replace("} 1", "} one"),
        good.replace("} 1", "} -1"),
        good.replace("c=\"d\"", "a=\"d\""),
        good.replace("c=\"d\"", ""),
        good.replace("tripswitch_x", "x"),
        format!("{good}{good}"),
        format!("{good}tripswitch_x_total{{a=\"b\",c=\"d\"}} 1\n"),
        histogram.replace("\"} 2", "\"} 4"),
        histogram.replace("_count 3", "_count 2"),
        histogram.replace("tripswitch_h_bucket{le=\"+Inf\"} 3\n", ""),
        histogram.replace("tripswitch_h_sum 4.5\n", ""),
    ];
    for text in broken {
        let read = std::panic::catch_unwind(|| Page::read(&text));
        assert!(read.is_err(), "taken: {text}");
    }
}
