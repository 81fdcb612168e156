//! The page of `/metrics` as far as it is written, in Prometheus' text format 0.0.4.

use prometheus::core::Collector;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Registry, TextEncoder};

use crate::measure::{Histogram, NAMESPACE};

/// The metrics of one scrape: values that others publish, beside what is registered.
#[derive(Debug, Default)]
pub struct Page(Vec<MetricFamily>);

/// The value of the one label, and the number.
type Sample<'a> = (&'a str, f64);

impl Page {
    /// A counter.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.counters(name, help, "", &[("", value as f64)]);
    }

    pub fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.gauges(name, help, "", &[("", value)]);
    }

    /// Counters, by the values of `label`.
    pub fn counters(&mut self, name: &str, help: &str, label: &str, samples: &[Sample<'_>]) {
        self.family(format!("{NAMESPACE}_{name}"), help, MetricType::COUNTER, label, samples);
    }

    pub fn gauges(&mut self, name: &str, help: &str, label: &str, samples: &[Sample<'_>]) {
        self.family(format!("{NAMESPACE}_{name}"), help, MetricType::GAUGE, label, samples);
    }

    /// One of the states is the present one: it is 1, the others 0.
    pub fn state<'a>(&mut self, name: &str, help: &str, label: &str, all: &[&'a str], holds: &'a str) {
        let samples: Vec<_> = all.iter().map(|state| (*state, f64::from(u8::from(*state == holds)))).collect();
        self.gauges(name, help, label, &samples);
    }

    /// A metric of the process, under the name that every program has for it.
    pub fn process(&mut self, name: &str, help: &str, kind: MetricType, value: f64) {
        self.family(format!("process_{name}"), help, kind, "", &[("", value)]);
    }

    pub fn histogram(&mut self, histogram: &Histogram) {
        self.0.extend(histogram.collect());
    }

    pub fn registered(&mut self, registry: &Registry) {
        self.0.extend(registry.gather());
    }

    fn family(&mut self, name: String, help: &str, kind: MetricType, label: &str, samples: &[Sample<'_>]) {
        let mut family = MetricFamily::default();
        family.set_name(name);
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        family.set_metric(samples.iter().map(|(value, number)| metric(kind, label, value, *number)).collect());
        self.0.push(family);
    }

    /// Ordered by name.
    pub fn into_text(mut self) -> prometheus::Result<String> {
        self.0.sort_by(|one, other| one.name().cmp(other.name()));
        TextEncoder::new().encode_to_string(&self.0)
    }
}

/// Without a label where its name is empty.
fn metric(kind: MetricType, label: &str, value: &str, number: f64) -> Metric {
    let mut pair = LabelPair::default();
    pair.set_name(label.to_owned());
    pair.set_value(value.to_owned());
    let mut metric = Metric::from_label(if label.is_empty() { Vec::new() } else { vec![pair] });
    if kind == MetricType::COUNTER {
        let mut counter = Counter::default();
        counter.set_value(number);
        metric.set_counter(counter);
    } else {
        let mut gauge = Gauge::default();
        gauge.set_value(number);
        metric.set_gauge(gauge);
    }
    metric
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure;

    #[test]
    fn r10_10_the_page_is_prometheus_text_in_order_of_names() {
        let mut page = Page::default();
        page.state("phase", "Which.", "phase", &["opening", "serving"], "serving");
        page.counters("b_total", "How\nmany.", "kind", &[("x", 2.0), ("y\"", 3.0)]);
        page.gauge("a_ratio", "Share.", 0.25);
        let expected = "# HELP tripswitch_a_ratio Share.\n# TYPE tripswitch_a_ratio gauge\ntripswitch_a_ratio 0.25\n\
            # HELP tripswitch_b_total How\\nmany.\n# TYPE tripswitch_b_total counter\n\
            tripswitch_b_total{kind=\"x\"} 2\ntripswitch_b_total{kind=\"y\\\"\"} 3\n\
            # HELP tripswitch_phase Which.\n# TYPE tripswitch_phase gauge\n\
            tripswitch_phase{phase=\"opening\"} 0\ntripswitch_phase{phase=\"serving\"} 1\n";
        assert_eq!(page.into_text().unwrap(), expected);
    }

    #[test]
    fn r10_10_a_histogram_has_its_buckets_its_sum_and_its_count() {
        let spread = measure::histogram("x_seconds", "X.", &[0.5, 1.0]);
        [0.25, 0.5, 0.75, 2.0].into_iter().for_each(|seconds| spread.observe(seconds));
        let mut page = Page::default();
        page.histogram(&spread);
        let expected = "# HELP tripswitch_x_seconds X.\n# TYPE tripswitch_x_seconds histogram\n\
            tripswitch_x_seconds_bucket{le=\"0.5\"} 2\ntripswitch_x_seconds_bucket{le=\"1\"} 3\n\
            tripswitch_x_seconds_bucket{le=\"+Inf\"} 4\ntripswitch_x_seconds_sum 3.5\ntripswitch_x_seconds_count 4\n";
        assert_eq!(page.into_text().unwrap(), expected);
    }
}
