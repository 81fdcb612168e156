//! Streams of effects, counted.

use prometheus::{IntCounter, IntCounterVec, IntGauge, Registry};

use super::meter::{counters, gauge};
use crate::measure::NAMESPACE;
use crate::wire::stream::EndReason;

/// How a stream ended whose client went.
const LEFT: &str = "left";

/// Counts streams.
#[derive(Clone, Debug)]
pub struct StreamMeter {
    open: IntGauge,
    ended: IntCounterVec,
    sent: IntCounter,
}

/// A stream that is open, until this is dropped.
#[derive(Debug)]
pub struct OpenStream {
    meter: StreamMeter,
    how: &'static str,
}

impl StreamMeter {
    /// Everything at 0.
    ///
    /// # Panics
    /// Where a metric of the registry has one of its names: all of them are constants.
    pub fn new(registry: &Registry) -> Self {
        let ended = counters("streams_ended_total", "Streams by how they ended.", &["reason"]);
        for reason in EndReason::ALL.map(EndReason::name).into_iter().chain([LEFT]) {
            ended.with_label_values(&[reason]);
        }
        let sent = IntCounter::new(format!("{NAMESPACE}_stream_effects_total"), "Effects that streams were told.");
        let meter = Self {
            open: gauge("streams_open", "Streams that are open."),
            ended,
            sent: sent.expect("the name is a constant"),
        };
        let Self { open, ended, sent } = meter.clone();
        let registered = registry.register(Box::new(open)).and(registry.register(Box::new(ended)));
        registered.and(registry.register(Box::new(sent))).expect("no two metrics have one name");
        meter
    }

    pub fn begins(&self) -> OpenStream {
        self.open.inc();
        OpenStream { meter: self.clone(), how: LEFT }
    }
}

impl OpenStream {
    /// So many effects were told.
    pub fn sent(&self, count: u64) {
        self.meter.sent.inc_by(count);
    }

    pub fn ends(&mut self, reason: EndReason) {
        self.how = reason.name();
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.meter.open.dec();
        self.meter.ended.with_label_values(&[self.how]).inc();
    }
}
