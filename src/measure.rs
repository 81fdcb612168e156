//! Histograms that any module fills and `/metrics` shows. Who fills them knows no registry and no page. Names begin
//! with `tripswitch_`, units are seconds and bytes.

use prometheus::HistogramOpts;

pub use prometheus::Histogram;

/// Prefix of all names but those of the process itself.
pub const NAMESPACE: &str = "tripswitch";

/// Buckets from a write that the disk's cache takes to one that is far too slow.
pub const STORAGE_SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Buckets from an answer out of memory to the end of a client's patience.
pub const REQUEST_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Buckets from a small server's snapshot to one that takes too long.
pub const SNAPSHOT_SECONDS: [f64; 11] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];

/// Buckets for the frames of a group, up to the largest number that can be configured.
pub const GROUP_FRAMES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0];

/// Buckets for the bytes of a group: 1 KiB to 64 MiB.
pub const GROUP_BYTES: [f64; 9] =
    [1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0];

/// Buckets for the events of a request, up to the largest number that can be configured.
pub const BATCH_EVENTS: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 10_000.0];

/// A histogram with these upper bounds.
///
/// # Panics
/// Where `name` is none or `buckets` do not ascend: both are constants.
pub fn histogram(name: &str, help: &str, buckets: &[f64]) -> Histogram {
    let options = HistogramOpts::new(name, help).namespace(NAMESPACE).buckets(buckets.to_vec());
    Histogram::with_opts(options).expect("name and buckets are constants")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_of_buckets_ascends() {
        let sets: [&[f64]; 6] =
            [&STORAGE_SECONDS, &REQUEST_SECONDS, &SNAPSHOT_SECONDS, &GROUP_FRAMES, &GROUP_BYTES, &BATCH_EVENTS];
        for buckets in sets {
            assert!(buckets.is_sorted_by(|a, b| a < b), "{buckets:?}");
            assert_eq!(histogram("x", "X.", buckets).get_sample_count(), 0);
        }
    }
}
